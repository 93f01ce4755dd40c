import type { FastifyInstance, FastifyReply } from 'fastify';
import { type Deadline, later, startDeadline } from '../deadline.ts';
import { requestLimit } from '../time-limits.ts';
import { onClientEnd } from './connections.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** When the answer has to be there, and whether the client still waits for it. The time in which the body arrives does not count. */
    deadline: Deadline;
  }
}

/** Gives each request its deadline. To be added before every hook that may ask the database. */
export function startDeadlines(app: FastifyInstance): void {
  // biome-ignore lint/suspicious/noExplicitAny: Fastify wants a value of the type, and the first hook sets it.
  app.decorateRequest('deadline', undefined as any);
  // Without a promise: `refuseAmbiguousRequests` has to close the connection before the next request in the same packet is read.
  app.addHook('onRequest', (request, reply, done) => {
    const gone = clientGone(reply);
    const { endsAt, limit } = startDeadline(requestLimit);
    request.deadline = {
      endsAt,
      limit,
      get gone() {
        return gone();
      },
    };
    done();
  });
  const bodyBegun = new WeakMap<object, number>();
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    bodyBegun.set(request, performance.now());
    done();
  });
  app.addHook('preValidation', (request, _reply, done) => {
    const arriving = performance.now() - (bodyBegun.get(request) ?? performance.now());
    request.deadline = later(request.deadline, request.deadline.endsAt + arriving);
    done();
  });
}

/**
 * @returns what gives a signal, made when it is first asked for because few requests need it. It aborts when the client closes its connection before the answer was sent. It may have closed only its sending side and
 *   still read the answer, which hardly any client does: what the work has come to is sent all the same. Fastify's own `request.signal` (5.12) aborts
 *   as soon as the body has been read, because it listens to the request's `close` and not to the answer's.
 */
function clientGone(reply: FastifyReply): () => AbortSignal {
  let gone: AbortController | undefined;
  let isGone = reply.raw.destroyed;
  const leave = () => {
    isGone = true;
    gone?.abort();
  };
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) leave();
  });
  onClientEnd(reply.raw, leave);
  return () => {
    gone ??= new AbortController();
    if (isGone) gone.abort();
    return gone.signal;
  };
}
