import { randomUUID } from 'node:crypto';
import { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import { describeError } from './describe-error.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The code of the refusal that answers this request; null where none does. */
    refusalCode: string | null;
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

/** Sends `X-Request-Id` with every answer and writes one line for it. */
export function logRequests(app: FastifyInstance): void {
  app.decorateRequest('refusalCode', null);
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    logRequest(request, reply);
    done();
  });
  // The client left before its answer: then there is no response to log.
  app.addHook('onRequestAbort', (request, done) => {
    request.log.info({ method: request.method, route: routeOf(request), status: null, aborted: true }, 'request');
    done();
  });
}

/** Writes the line of a request that was answered. */
export function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  request.log.info(
    {
      method: request.method,
      route: routeOf(request),
      status: reply.statusCode,
      milliseconds: Math.round(reply.elapsedTime * 10) / 10,
      ...(request.refusalCode !== null && { code: request.refusalCode }),
    },
    'request',
  );
}

/** The pattern and not the raw URL, which may hold anything; null where there is no such route. */
function routeOf(request: FastifyRequest): string | null {
  return request.routeOptions.url ?? null;
}
