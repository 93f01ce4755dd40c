import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { bulkRoutes } from './bulk/routes.ts';
import type { InvitationServices } from './dependencies.ts';

/** Invitations, for operators: below `/admin`, behind the guard. */
export const invitationRoutes: FastifyPluginAsyncZod<{ services: InvitationServices }> = async (app, { services }) => {
  await app.register(bulkRoutes, { services });
};
