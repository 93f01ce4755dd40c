import type { FastifyInstance } from 'fastify';
import { overloaded } from '../overload/problems.ts';
import type { Problem } from '../problems.ts';
import { withProblem } from './problem-responses.ts';

/**
 * Lets requests of this scope be refused up front. Call it before any other hook of the scope.
 * @param refusal called once per request; undefined lets the request through.
 */
export function shedRequests(scope: FastifyInstance, refusal: () => Problem | undefined): void {
  scope.addHook('onRoute', (route) => {
    route.schema = { ...route.schema, response: withProblem((route.schema?.response ?? {}) as object, overloaded(2)) };
  });
  scope.addHook('onRequest', (_request, _reply, done) => done(refusal()));
}
