import { randomUUID } from 'node:crypto';
import { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import { describeError } from './describe-error.ts';

/** How a request ended; nothing in it was chosen by the client. */
export interface AnsweredRequest {
  /** null: the bytes were no request. */
  readonly method: string | null;
  /** The pattern; null: no such route. */
  readonly route: string | null;
  /** null: the client left before its answer. */
  readonly status: number | null;
  /** Of the refusal, where it was one. */
  readonly code: string | null;
  /** From its arrival to the end of the answer; null where there was none. */
  readonly seconds: number | null;
  /** What the route says of itself in `config.countedAs`. */
  readonly countedAs: string | null;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A name under which the route's successful answers are counted. */
    countedAs?: string;
  }
  interface FastifyInstance {
    /** Hears of every request when it is over. */
    noteAnswer(answer: AnsweredRequest): void;
  }
  interface FastifyRequest {
    /** The code of the refusal that answers this request; null where none does. */
    refusalCode: string | null;
    /** Its line is written. */
    isLogged: boolean;
  }
}

/** Turns Fastify's own lines off: they hold the raw URL and the messages of errors. Ours is one line a request. */
export const logController = new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' });

/** A request id is never taken from the client, who could forge or repeat one. */
export function newRequestId(): string {
  return randomUUID();
}

/** @returns the logger for the HTTP server: whatever Fastify still logs by itself is described without values. */
export function withoutValues<Logger extends FastifyBaseLogger>(log: Logger): FastifyBaseLogger {
  return log.child({}, { serializers: { err: describeError, req: () => undefined, res: () => undefined } });
}

/**
 * Sends `X-Request-Id` with every answer and writes one line for it.
 * @param noteAnswer hears the same.
 */
export function logRequests(app: FastifyInstance, noteAnswer: (answer: AnsweredRequest) => void = () => {}): void {
  app.decorate('noteAnswer', noteAnswer);
  app.decorateRequest('refusalCode', null);
  app.decorateRequest('isLogged', false);
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    // Fastify's own `onRequestAbort` (5.12) is blind once the body has been read: it listens to the request's `close` and not to the answer's.
    // A turn later, because an answer that was sent in the same breath ends then.
    const noteGone = () => setImmediate(logAborted, request);
    reply.raw.once('close', noteGone);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    if (!request.isLogged) logRequest(request, reply);
    done();
  });
}

/** Writes the line of a request whose client left before its answer; none where there was one. */
function logAborted(request: FastifyRequest): void {
  if (request.isLogged) return;
  request.isLogged = true;
  request.log.info({ method: request.method, route: routeOf(request), status: null, aborted: true }, 'request');
  request.server.noteAnswer({ ...identityOf(request), status: null, code: null, seconds: null });
}

/** Writes the line of a request that was answered. */
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

/** The pattern and not the raw URL, which may hold anything; null where there is no such route. */
function routeOf(request: FastifyRequest): string | null {
  return request.routeOptions.url ?? null;
}
