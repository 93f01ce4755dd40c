import type { FastifyReply } from 'fastify';
import { onClientEnd } from './connections.ts';

/**
 * @returns a signal that aborts when the client closes its connection before the answer was sent. It may have closed only its sending side and
 *   still read the answer, which a client of HTTP hardly ever does: what the work has come to is sent all the same. Fastify's own `request.signal` (5.12) is of no use here:
 *   it aborts as soon as the body has been read, because it listens to the request's `close` and not to the answer's.
 */
export function clientGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  // While the body was read and the limits were counted: its `close` has been.
  if (reply.raw.destroyed) gone.abort();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  onClientEnd(reply.raw, () => gone.abort());
  return gone.signal;
}
