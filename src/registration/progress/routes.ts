import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ProgressServices } from './dependencies.ts';

/** How far sign-ups came, for operators: below `/admin`, behind the guard. */
export const progressRoutes: FastifyPluginAsyncZod<{ services: ProgressServices }> = async (_app, { services: _services }) => {};
