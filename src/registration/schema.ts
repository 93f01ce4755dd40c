import { z } from 'zod';
import { maximumCodeLength } from '../invitations/code.ts';
import { sessionIdShape } from './session-id.ts';
import { type Step, steps } from './steps.ts';

const moment = z.iso.datetime().meta({ description: 'A moment in UTC (RFC 3339).', examples: ['2026-01-01T09:30:00.000Z'] });
const sessionId = z
  .string()
  .regex(sessionIdShape)
  .meta({ description: 'The `sessionId` that verifying the invitation gave.', examples: ['932b5ec04a8d4f1c9d0c6a7f3e5b2d18'] });

const stepNames = z.array(z.enum(steps.map((step) => step.name) as [string, ...string[]]));
const progress = {
  expiresAt: moment.describe(
    'When the sign-up expires unless another step is stored first: 5 minutes after verifying a code with several seats, otherwise after the time set by the operator. Each step renews it, up to 24 hours after the start.',
  ),
  remainingSteps: stepNames.meta({
    description: 'The steps still to be done, in the order of the form.',
    examples: [['birthday', 'phone']],
  }),
};

const phoneBound = z
  .boolean()
  .meta({ description: 'Whether only the phone number that was invited completes the sign-up.', examples: [false] });

export const verifyBody = z
  .object({
    invitation_code: z.string().meta({
      description:
        'The code. Case, spaces and hyphens are ignored, and so is the difference between O and 0 or I, L and 1, unless several codes differ only in these.',
      minLength: 1,
      maxLength: maximumCodeLength,
      examples: ['TEST001'],
    }),
  })
  .meta({ id: 'VerifyInvitation' });

export const verifyAnswer = z.object({ valid: z.literal(true), sessionId, ...progress, phoneBound }).meta({ id: 'InvitationVerified' });

/** The body of a step: its own members and the session id. */
export function stepBody(step: Step) {
  return z.object({ session_id: sessionId, ...step.body }).meta({ id: `Save${capitalised(step.name)}` });
}

export const stepAnswer = z.object({ ok: z.literal(true), ...progress }).meta({ id: 'StepSaved' });

export const completionAnswer = z
  .object({ ok: z.literal(true), userId: z.int().meta({ description: 'The id of the new user.', examples: [1] }) })
  .meta({ id: 'SignUpCompleted' });

export const sessionAnswer = z
  .object({
    ...progress,
    completedSteps: stepNames.meta({ description: 'The steps that are stored.', examples: [['name']] }),
    phoneBound,
  })
  .meta({ id: 'SignUpSession' });

export const abandonAnswer = z.object({ ok: z.literal(true) }).meta({ id: 'SignUpAbandoned' });

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
