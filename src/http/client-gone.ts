import type { FastifyReply } from 'fastify';

/**
 * @returns a signal that aborts when the connection closes before the answer was sent. Fastify's own `request.signal` (5.12) is of no use here:
 *   it aborts as soon as the body has been read, because it listens to the request's `close` and not to the answer's.
 */
export function clientGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  // While the body was read and the limits were counted: its `close` has been.
  if (reply.raw.destroyed) gone.abort();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}
