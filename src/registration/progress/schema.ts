import { z } from 'zod';
import { nextCursor, pageQuery } from '../../paging/cursor.ts';
import { writtenMoment } from '../../rules/written-moment.ts';
import { steps } from '../steps.ts';
import { countNames } from './count-funnel.ts';

const campaign = z
  .string()
  .optional()
  .meta({ description: 'Only sign-ups on invitations of this campaign.', examples: ['spring-beta'] });

const invitationId = z.coerce.number().int().min(1).max(2_147_483_647);

export const sessionsQuery = z.object({
  campaign,
  invitation_id: invitationId.optional().meta({ description: 'Only sign-ups on this invitation.', examples: [1] }),
  ...pageQuery,
});

const moment = z.string().meta({ description: 'A moment in UTC (RFC 3339).', examples: ['2026-01-01T09:30:00.000Z'] });
const stepNames = z.array(z.string());

const attempt = z.string().meta({
  description: 'Identifies this sign-up. It is not the session id and gives no access to it.',
  examples: ['0b0e8a3c-6d0a-4d0e-9d62-3f1f5c0d7a11'],
});

export const attemptPath = z.object({
  attempt: z.guid().meta({ description: 'As the list of sign-ups shows it.', examples: ['0b0e8a3c-6d0a-4d0e-9d62-3f1f5c0d7a11'] }),
});

export const endedAnswer = z
  .object({
    ended: z.literal(true).meta({ description: 'What was entered is deleted.', examples: [true] }),
    attempt,
    invitation_id: z.int().meta({ description: 'The invitation that was shown.', examples: [1] }),
  })
  .meta({ id: 'SignUpEnded' });

export const releaseQuery = z.object({
  invitation_id: invitationId.meta({ description: 'The invitation whose sign-ups end.', examples: [1] }),
  with_steps: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'Whether those end, too, that have stored a step.', examples: ['false'] }),
});

export const releasedAnswer = z
  .object({
    ended: z.int().meta({ description: 'How many sign-ups were ended.', examples: [3] }),
    invitation_id: z.int().meta({ description: 'As it was asked for.', examples: [1] }),
  })
  .meta({ id: 'SignUpsEnded' });

export const sessionsAnswer = z
  .object({
    items: z.array(
      z
        .object({
          attempt,
          invitation_id: z.int().meta({ description: 'The invitation that was shown.', examples: [1] }),
          campaign: z
            .string()
            .nullable()
            .meta({ description: 'Of the invitation.', examples: ['spring-beta'] }),
          started_at: moment.describe('When the invitation was verified.'),
          expires_at: moment.describe('When the sign-up ends unless another step comes before.'),
          completed_steps: stepNames.meta({ description: 'The steps that are stored.', examples: [['name']] }),
          remaining_steps: stepNames.meta({ description: 'The steps still to be done.', examples: [['birthday', 'phone']] }),
        })
        .meta({ id: 'LiveSignUp' }),
    ),
    next: nextCursor,
  })
  .meta({ id: 'LiveSignUps' });

const bound = z.string().max(64).optional();

export const funnelQuery = z.object({
  campaign,
  from: bound.meta({
    description: 'Where the range begins: a date in the zone of `TIME_ZONE`, or a moment (RFC 3339). Default: 29 days before its last day.',
    examples: ['2026-01-01'],
    ...writtenMoment,
  }),
  to: bound.meta({
    description: 'Where it ends: a date (inclusive) or a moment (exclusive). Default: now. At most 366 days.',
    examples: ['2026-01-31'],
    ...writtenMoment,
  }),
  by: z
    .enum(['day', 'none'])
    .default('day')
    .meta({ description: 'Whether each day is counted by itself too.', examples: ['day'] }),
});

const meanings: Readonly<Record<string, string>> = {
  verified: 'Sign-ups that began: an invitation was verified.',
  completed: 'Of these, those that became a user.',
  expired: 'Of these, those whose time ran out.',
  abandoned: 'Of these, those that were given up, or refused because the person is too young.',
  under_way: 'Of these, those that may still be completed.',
};

const counts = Object.fromEntries(
  countNames.map((name, index) => [
    name,
    z.int().meta({ description: meanings[name] ?? `Of these, those that did the step \`${name}\`.`, examples: [100 - 10 * index] }),
  ]),
);

const medians = Object.fromEntries(
  steps.map(({ name }) => [
    name,
    z
      .number()
      .nullable()
      .meta({ description: `Median seconds from the previous step to the step \`${name}\`.`, examples: [41.5] }),
  ]),
);

export const funnelAnswer = z
  .object({
    campaign: z
      .string()
      .nullable()
      .meta({ description: 'As it was asked for.', examples: ['spring-beta'] }),
    from: moment.describe('Where the range begins.'),
    to: moment.describe('Where the range ends, exclusive.'),
    time_zone: z.string().meta({ description: 'The zone whose days are counted.', examples: ['Asia/Seoul'] }),
    totals: z.object(counts).meta({ id: 'FunnelCounts' }),
    median_seconds: z.object(medians).meta({ id: 'FunnelMedians', description: 'How long each step took; null if no sign-up reached it.' }),
    days: z
      .array(
        z
          .object({ day: z.string().meta({ description: 'A date of that zone.', examples: ['2026-01-01'] }), ...counts })
          .meta({ id: 'FunnelDay' }),
      )
      .meta({ description: 'Each day of the range, by the day on which a sign-up was verified; none with `by=none`.' }),
  })
  .meta({ id: 'Funnel' });
