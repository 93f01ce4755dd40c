import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { databaseProblems } from '../database/database-errors.ts';
import { networkOfClient } from '../http/limits/limit-routes.ts';
import { refuseOverLimit } from '../http/limits/rate-limit-fields.ts';
import { bodyProblems, problemResponses } from '../http/problem-responses.ts';
import { acceptCode } from '../invitations/code.ts';
import { validationFailed } from '../problems.ts';
import { abandonProblems, abandonRegistration } from './abandon-registration.ts';
import { completeRegistration, completionProblems } from './complete-registration.ts';
import type { RegistrationServices } from './dependencies.ts';
import { demandOpenSession, openSessionProblems, registrationProblems } from './problems.ts';
import { renewalProblems, renewRegistration } from './renew-session.ts';
import { saveRegistrationStep, saveStepProblems } from './save-step.ts';
import { abandonAnswer, completionAnswer, sessionAnswer, stepAnswer, stepBody, verifyAnswer, verifyBody } from './schema.ts';
import { bearerSession } from './session-id.ts';
import { completingStep, remainingSteps, type Step, stepsBeforeLast } from './steps.ts';
import { readSession, type SessionProgress } from './store.ts';
import { verifyInvitation, verifyProblems } from './verify-invitation.ts';

/** The sign-up, below `/auth`: verifying an invitation, one route per step, and the session. */
export const registrationRoutes: FastifyPluginAsyncZod<{ services: RegistrationServices }> = async (app, { services }) => {
  const tags = ['sign-up'];
  const unavailable = databaseProblems.database_unavailable;
  const { session_required } = registrationProblems;

  app.post(
    '/invitation/verify',
    {
      config: { crossOrigin: true, limit: 'verify', countedAs: 'verified', originalClients: true },
      schema: {
        tags,
        operationId: 'verifyInvitation',
        summary: 'Verify an invitation code and open a sign-up',
        body: verifyBody,
        response: {
          200: verifyAnswer,
          ...problemResponses(...bodyProblems, ...verifyProblems, unavailable),
        },
      },
    },
    async (request, reply) => {
      const code = acceptCode(request.body.invitation_code);
      if (!code.ok) throw validationFailed(code.errors);
      const opened = await verifyInvitation(services, code.value, networkOfClient(request), request.deadline);
      if ('retryAfterSeconds' in opened) return refuseMoreSignUps(reply, opened.retryAfterSeconds);
      const { sessionId, expiresAt, phoneBound } = opened;
      return { valid: true as const, sessionId, ...shownProgress({ expires_at: expiresAt, completed_steps: [] }), phoneBound };
    },
  );

  /** @throws Problem `rate_limited`. */
  function refuseMoreSignUps(reply: FastifyReply, seconds: number): never {
    const rate = { count: services.signUpsPerNetwork ?? 0, seconds: services.rules.sessionSeconds };
    const verdict = { allowed: false, remaining: 0, milliseconds: seconds * 1000 };
    refuseOverLimit(reply, { limiter: { name: 'sign-ups-of-code', rate }, verdict });
  }

  for (const step of stepsBeforeLast) addStep(step);

  function addStep(step: Step) {
    app.put(
      `/register/${step.name}`,
      {
        config: {
          crossOrigin: true,
          limit: step.hashedColumn === undefined ? 'session' : 'password',
          countedAs: step.name,
          originalClients: true,
        },
        schema: {
          tags,
          operationId: `save-${step.name}`,
          summary: step.summary,
          body: stepBody(step),
          response: { 200: stepAnswer, ...problemResponses(...bodyProblems, unavailable, ...saveStepProblems(step)) },
        },
      },
      async (request) => {
        const { session_id, ...body } = request.body;
        const client = { network: networkOfClient(request), deadline: request.deadline, countHash: request.countHash };
        const progress = await saveRegistrationStep(services, step, session_id, body, client);
        return { ok: true as const, ...shownProgress(progress) };
      },
    );
  }

  app.put(
    `/register/${completingStep.name}`,
    {
      config: { crossOrigin: true, limit: 'session', countedAs: completingStep.name, originalClients: true },
      schema: {
        tags,
        operationId: `save-${completingStep.name}`,
        summary: completingStep.summary,
        description: 'Creates the user, exactly once. Repeating the request gives the same answer for 24 hours.',
        body: stepBody(completingStep),
        response: {
          200: completionAnswer,
          ...problemResponses(...bodyProblems, ...completionProblems(services.rules), unavailable),
        },
      },
    },
    async (request) => {
      const { session_id, ...body } = request.body;
      return { ok: true as const, userId: await completeRegistration(services, session_id, body, request.deadline) };
    },
  );

  const security = [{ session: [] }];

  app.get(
    '/register/session',
    {
      config: { crossOrigin: true, limit: 'session' },
      schema: {
        tags,
        security,
        operationId: 'readSession',
        summary: 'See the progress of a sign-up, to resume it',
        response: {
          200: sessionAnswer,
          ...problemResponses(session_required, ...openSessionProblems, unavailable),
        },
      },
    },
    async (request) => {
      const session = demandOpenSession(
        await readSession(services.database, bearerSession(request.headers.authorization), request.deadline),
      );
      return { ...shownProgress(session), completedSteps: [...session.completed_steps], phoneBound: session.invited_phone !== null };
    },
  );

  app.post(
    '/register/session/renew',
    {
      config: { crossOrigin: true, limit: 'session' },
      schema: {
        tags,
        security,
        operationId: 'renewSession',
        summary: 'Get more time for a sign-up',
        description:
          'Renews the sign-up as a step does, up to 24 hours after its start. A sign-up that has stored nothing and holds one of several seats is renewed only while another seat is free.',
        response: {
          200: stepAnswer,
          ...problemResponses(session_required, ...renewalProblems, unavailable),
        },
      },
    },
    async (request) => {
      const progress = await renewRegistration(services, bearerSession(request.headers.authorization), request.deadline);
      return { ok: true as const, ...shownProgress(progress) };
    },
  );

  app.delete(
    '/register/session',
    {
      config: { crossOrigin: true, limit: 'session' },
      schema: {
        tags,
        security,
        operationId: 'abandonSession',
        summary: 'Abandon a sign-up and delete its data',
        response: { 200: abandonAnswer, ...problemResponses(session_required, ...abandonProblems, unavailable) },
      },
    },
    async (request) => {
      await abandonRegistration(services, bearerSession(request.headers.authorization), request.deadline);
      return { ok: true as const };
    },
  );
};

function shownProgress({ expires_at, completed_steps }: SessionProgress) {
  return { expiresAt: expires_at.toISOString(), remainingSteps: remainingSteps(completed_steps) };
}
