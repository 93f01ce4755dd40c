import type { FastifyInstance, FastifyRequest, FastifySchema } from 'fastify';
import type { Actor } from '../audit.ts';
import { databaseProblems } from '../database/database-errors.ts';
import { withProblem } from '../http/problem-responses.ts';
import { busyProblems } from '../overload/long-work.ts';
import { Problem } from '../problems.ts';
import { authenticateOperator, type Operator } from './authenticate-operator.ts';
import type { OperatorServices } from './dependencies.ts';
import { operatorProblems } from './problems.ts';
import type { Role } from './roles.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The least role that may use the route; every guarded route names one. */
    role?: Role;
  }
  interface FastifyRequest {
    /** The operator who sent the request; only on guarded routes. */
    operator: Operator | null;
    /**
     * The same for the audit log.
     * @throws Error outside the guard.
     */
    actor(): Actor;
  }
}

/**
 * Admits only operators: every route added to this scope from now on is checked against its `config.role` before its body is read.
 * @throws Error when a route without a role is added, so that none is forgotten.
 */
export function requireOperator(scope: FastifyInstance, services: OperatorServices): void {
  scope.decorateRequest('operator', null);
  scope.decorateRequest('actor', actorOf);
  scope.addHook('onRoute', (route) => {
    const role = route.config?.role;
    if (role === undefined) throw new Error(`the route ${String(route.method)} ${route.url} does not say which role may use it`);
    route.schema = {
      ...route.schema,
      security: [{ operator: [] }],
      response: guardProblems(role).reduce(withProblem, responsesOf(route.schema)),
    };
  });
  scope.addHook('onRequest', async (request) => {
    const demanded = request.routeOptions.config.role;
    if (demanded === undefined) return; // no such route
    request.operator = await authenticateOperator(services, request.headers.authorization, demanded, request.deadline);
  });
}

/** For the OpenAPI document: the errors of the guard itself and of the database behind it. */
function guardProblems(role: Role): readonly Problem[] {
  const { operator_key_required, operator_key_invalid, role_insufficient } = operatorProblems;
  const kinds = [operator_key_required, operator_key_invalid, databaseProblems.database_unavailable, busyProblems.operators_busy];
  // A viewer's key is enough for a viewer's route, so it never answers role_insufficient.
  const refused = new Problem(role_insufficient, { values: { demanded: role, held: 'viewer' } });
  return [...kinds.map((kind) => new Problem(kind)), ...(role === 'viewer' ? [] : [refused])];
}

function responsesOf(schema: FastifySchema | undefined): object {
  return (schema?.response ?? {}) as object;
}

function actorOf(this: FastifyRequest): Actor {
  if (!this.operator) throw new Error('the route is not behind the operator guard');
  const { keyId, label } = this.operator;
  // A Unix socket has no address.
  return { keyId, label, requestId: this.id, origin: this.clientAddress || null };
}
