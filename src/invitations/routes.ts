import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { InvitationServices } from './dependencies.ts';

/** Invitations, for operators: below `/admin`, behind the guard. */
export const invitationRoutes: FastifyPluginAsyncZod<{ services: InvitationServices }> = async (_app, { services: _services }) => {};
