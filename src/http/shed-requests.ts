import type { FastifyInstance } from 'fastify';
import type { Problem } from '../errors.ts';
import { overloaded } from '../overload/errors.ts';
import { withProblem } from './problem-responses.ts';

/**
 * Lets requests of this scope be refused before anything is done for them. To be called before whatever else looks at a request.
 * @param refusal asked once for each request; undefined: it goes on.
 */
export function shedRequests(scope: FastifyInstance, refusal: () => Problem | undefined): void {
  scope.addHook('onRoute', (route) => {
    route.schema = { ...route.schema, response: withProblem((route.schema?.response ?? {}) as object, overloaded(2)) };
  });
  scope.addHook('onRequest', (_request, _reply, done) => done(refusal()));
}
