import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { OperatorServices } from './dependencies.ts';

/** Operator keys and the audit log: below `/admin`, behind the guard. */
export const operatorRoutes: FastifyPluginAsyncZod<{ services: OperatorServices }> = async (_app, { services: _services }) => {};
