import type { IncomingMessage, ServerResponse } from 'node:http';
import fastify, { type FastifyBaseLogger, type FastifyInstance, type RawServerDefault } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { TrustedProxies } from '../config/config.ts';
import type { Language } from '../problems.ts';
import { nameClients, trustHops } from './client-address.ts';
import { type ConnectionLimits, limitAndCloseConnections } from './connections.ts';
import { shareWithOrigins } from './cross-origin.ts';
import { askForBodiesLate } from './expect-continue.ts';
import { requireHttps } from './https/require-https.ts';
import { type TlsPair, tlsOptions } from './https/tls-options.ts';
import { acceptJsonBodies } from './json-body.ts';
import { collectRoutePatterns } from './methods.ts';
import { serveOriginalClients } from './original-clients.ts';
import { answerWithProblems, type NotFoundPage } from './problem-handler.ts';
import { answerUnusualRequests, frameworkErrorAnswer, socketErrorAnswer } from './raw-socket-errors.ts';
import { startDeadlines } from './request-deadline.ts';
import { type AnsweredRequest, logController, logRequests, newRequestId, withoutValues } from './request-log.ts';
import { refuseAmbiguousRequests } from './request-smuggling.ts';
import { setSecurityHeaders } from './security-headers.ts';

export type HttpServer = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;

export interface HttpServerOptions {
  /** A pino logger or anything with its methods. */
  readonly log: FastifyBaseLogger;
  /** For clients that ask for no language, or for none of ours. */
  readonly defaultLanguage: Language;
  /** Called for every request when it is over. */
  readonly onAnswered?: (answer: AnsweredRequest) => void;
  /** Default: `X-Forwarded-*` is ignored. */
  readonly trustedProxies?: TrustedProxies;
  /** Default: plain HTTP. */
  readonly tls?: TlsPair;
  /** Redirects or refuses plain HTTP. `publicUrl` undefined: redirects to the requested host. */
  readonly forceHttps?: { readonly publicUrl: string | undefined };
  /** Whose pages may call the routes with `config.crossOrigin`. Default: pages of other origins can read nothing. */
  readonly corsOrigins?: readonly string[];
  /** For browsers that ask for an address that does not exist. Default: a problem document. */
  readonly notFoundPage?: NotFoundPage;
  /** Limits other than those of production, for tests. */
  readonly connectionLimits?: Partial<ConnectionLimits>;
}

const limits = {
  /** Bytes; a route may raise its own. */
  bodyLimit: 16 * 1024,
  /** Timeout in milliseconds for a whole request to arrive. */
  requestTimeout: 20_000,
  /** Timeout in milliseconds for its header to arrive. */
  headersTimeout: 10_000,
  /** Milliseconds between two checks of both; Node's default of 30 s would let a slow request live three times as long. */
  connectionsCheckingInterval: 1_000,
  /** Milliseconds: above the 60 s of the usual proxies, so that the proxy closes first and no request is lost in a race. */
  keepAliveTimeout: 72_000,
  /** UTF-16 units of one path segment: far above the longest, a campaign's name, so that its own rule answers first. */
  maxParamLength: 4_096,
  /** Bytes of the header; Node's default, made explicit. */
  maxHeaderSize: 16 * 1024,
  /** Milliseconds for a TLS handshake. */
  handshakeTimeout: 10_000,
};

const httpOptions = {
  headersTimeout: limits.headersTimeout,
  connectionsCheckingInterval: limits.connectionsCheckingInterval,
  maxHeaderSize: limits.maxHeaderSize,
  // Node's own check answers without a body; ours is in `ambiguous-requests.ts`.
  requireHostHeader: false,
};

/**
 * @returns an HTTP server without routes: it reads strict JSON, answers errors with problem documents, logs one line per request, and
 * closes without dropping a request. Routes are added after it, and `completeMethods` last.
 */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { log, defaultLanguage, trustedProxies, onAnswered, tls, forceHttps, corsOrigins = [] } = options;
  const trustProxy = trustHops(trustedProxies);
  const app: HttpServer = fastify({
    loggerInstance: withoutValues(log),
    logController,
    genReqId: newRequestId,
    ...(trustProxy && { trustProxy }),
    bodyLimit: limits.bodyLimit,
    requestTimeout: limits.requestTimeout,
    keepAliveTimeout: limits.keepAliveTimeout,
    routerOptions: { maxParamLength: limits.maxParamLength },
    forceCloseConnections: 'idle',
    // A request that came in before the close is answered; Fastify's own 503 is not a problem document.
    return503OnClosing: false,
    clientErrorHandler: socketErrorAnswer(defaultLanguage),
    frameworkErrors: frameworkErrorAnswer(defaultLanguage),
    // Fastify types a TLS server differently; the difference does not matter to routes.
    ...((tls
      ? { https: { ...httpOptions, ...tlsOptions(tls), handshakeTimeout: limits.handshakeTimeout, allowHalfOpen: true } }
      : { http: httpOptions }) as {
      http: typeof httpOptions;
    }),
  }).withTypeProvider<ZodTypeProvider>();
  limitAndCloseConnections(app, {
    limits: options.connectionLimits,
    // A proxy has one address for all its clients.
    isExempt: (address) => trustProxy?.(address, 0) ?? false,
    log,
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);

  // The pipeline: what every request passes, in this order. `app.ts` adds load shedding, limits and the operators' guard to its scopes. They come
  // after these and before the body is read. ARCHITECTURE.md ("The pipeline") lists all of them.
  startDeadlines(app); // until when the answer has to be there, and whether the client still waits
  nameClients(app, trustProxy); // the client's address and whether it used HTTPS, from the socket or a trusted proxy
  logRequests(app, onAnswered); // one line and one metric for each request, also for those refused below
  setSecurityHeaders(app); // on every response, errors included
  if (corsOrigins.length > 0) shareWithOrigins(app, corsOrigins); // CORS headers, before the first check that may refuse
  answerUnusualRequests(app, defaultLanguage); // CONNECT, Upgrade, Expect
  refuseAmbiguousRequests(app); // what two servers may read differently (request smuggling)
  if (forceHttps) requireHttps(app, forceHttps.publicUrl); // redirects or refuses plain HTTP before the body is read
  answerWithProblems(app, defaultLanguage, options.notFoundPage); // 404, and every error as a problem document
  askForBodiesLate(app); // 100 Continue only for a request that nothing has refused
  serveOriginalClients(app); // a body without its type, and a trailing slash, on the routes of the original
  acceptJsonBodies(app); // strict JSON, after every check that needs no body
  collectRoutePatterns(app); // 405 with Allow, and OPTIONS
  return app;
}
