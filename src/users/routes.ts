import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { UserServices } from './dependencies.ts';

/** Users, for operators: below `/admin`, behind the guard. */
export const userRoutes: FastifyPluginAsyncZod<{ services: UserServices }> = async (_app, { services: _services }) => {};
