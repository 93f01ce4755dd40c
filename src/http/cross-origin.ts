import type { FastifyInstance, FastifyReply } from 'fastify';
import { addVary } from './vary.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Pages of the allowed origins may call the path. Never set it below `/admin`: an operator key does not belong in a page. */
    crossOrigin?: boolean;
  }
}

/** The response headers that a page may read besides the safelisted ones (Fetch, "CORS-safelisted response-header name"). */
const exposedFields = 'Allow, ETag, Location, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id';
const allowedMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const allowedFields = 'Authorization, Content-Type, Idempotency-Key';
/** Seconds; Chromium caches no preflight for longer. */
const preflightAge = '7200';

/**
 * CORS: lets pages of other origins call the routes with `config.crossOrigin` and read every response of them, errors too (Fetch, "HTTP CORS protocol"). Without
 * credentials, as nothing here uses cookies. Other clients are not affected, and no request is refused: the browser keeps a response without the
 * header from the page. Call it before the first hook that may refuse a request. A preflight is then answered like any other `OPTIONS`.
 * @param origins as browsers send them.
 */
export function shareWithOrigins(app: FastifyInstance, origins: readonly string[]): void {
  const known: ReadonlySet<string> = new Set(origins);
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.routeOptions.config?.crossOrigin) return done();
    // Also without an origin: a cache must not give that response to a page.
    addVary(reply, 'Origin');
    const { origin, 'access-control-request-method': intended } = request.headers;
    if (origin !== undefined && known.has(origin)) {
      reply.header('access-control-allow-origin', origin);
      if (request.method === 'OPTIONS' && intended !== undefined) allowPreflight(reply);
      else reply.header('access-control-expose-headers', exposedFields);
    }
    done();
  });
}

function allowPreflight(reply: FastifyReply): void {
  reply.headers({
    'access-control-allow-methods': allowedMethods,
    'access-control-allow-headers': allowedFields,
    'access-control-max-age': preflightAge,
  });
}
