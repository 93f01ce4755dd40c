import { randomUUID } from 'node:crypto';
import { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import { describeError } from './describe-error.ts';

/** How a request ended; it holds no client input. */
export interface AnsweredRequest {
  /** null: the bytes were not a request. */
  readonly method: string | null;
  /** The route pattern; null: no such route. */
  readonly route: string | null;
  /** null: the client disconnected before its response. */
  readonly status: number | null;
  /** The problem code, if it was an error. */
  readonly code: string | null;
  /** From its arrival to the end of the response; null if there was none. */
  readonly seconds: number | null;
  /** The route's `config.countedAs`. */
  readonly countedAs: string | null;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A name under which the route's successful responses are counted. */
    countedAs?: string;
  }
  interface FastifyInstance {
    /** Called for every request when it is over. */
    noteAnswer(answer: AnsweredRequest): void;
  }
  interface FastifyRequest {
    /** The problem code of the response; null if it is not an error. */
    refusalCode: string | null;
    /** Whether its line is written. */
    isLogged: boolean;
  }
}

/** Turns Fastify's own lines off: they contain the raw URL and error messages. We log one line per request. */
export const logController = new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' });

/** A request id is never taken from the client, who could forge or repeat one. */
export function newRequestId(): string {
  return randomUUID();
}

/** @returns the logger for the HTTP server: what Fastify still logs by itself is described without values. */
export function withoutValues<Logger extends FastifyBaseLogger>(log: Logger): FastifyBaseLogger {
  return log.child({}, { serializers: { err: describeError, req: () => undefined, res: () => undefined } });
}

/**
 * Sends `X-Request-Id` with every response and logs one line per request.
 * @param noteAnswer called with the same.
 */
export function logRequests(app: FastifyInstance, noteAnswer: (answer: AnsweredRequest) => void = () => {}): void {
  app.decorate('noteAnswer', noteAnswer);
  app.decorateRequest('refusalCode', null);
  app.decorateRequest('isLogged', false);
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    // Fastify's own `onRequestAbort` (5.12) misses disconnects after the body was read: it listens to the request's `close`, not the response's.
    // A turn later, because a response sent in the same tick ends then.
    const noteGone = () => setImmediate(logAborted, request);
    reply.raw.once('close', noteGone);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    if (!request.isLogged) logRequest(request, reply);
    done();
  });
}

/** Writes the line of a request whose client disconnected before the response, unless it has one. */
function logAborted(request: FastifyRequest): void {
  if (request.isLogged) return;
  request.isLogged = true;
  request.log.info({ method: request.method, route: routeOf(request), status: null, aborted: true }, 'request');
  request.server.noteAnswer({ ...identityOf(request), status: null, code: null, seconds: null });
}

/** Writes the line of an answered request. */
export function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  const { refusalCode: code } = request;
  request.isLogged = true;
  request.server.noteAnswer({ ...identityOf(request), status: reply.statusCode, code, seconds: reply.elapsedTime / 1000 });
  request.log.info(
    {
      method: request.method,
      route: routeOf(request),
      status: reply.statusCode,
      milliseconds: Math.round(reply.elapsedTime * 10) / 10,
      ...(code !== null && { code }),
    },
    'request',
  );
}

function identityOf(request: FastifyRequest) {
  return { method: request.method, route: routeOf(request), countedAs: request.routeOptions.config?.countedAs ?? null };
}

/** The pattern and not the raw URL, which may contain anything; null if there is no such route. */
function routeOf(request: FastifyRequest): string | null {
  return request.routeOptions.url ?? null;
}
