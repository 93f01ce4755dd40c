import { z } from 'zod';
import { nextCursor, pageQuery } from '../../paging/cursor.ts';
import { writtenMoment } from '../../rules/written-moment.ts';
import { invitationAnswer, personInvited } from '../schema.ts';
import { listStatuses, maximumSearchLength } from './list-filters.ts';

const text = (description: string, example: string) =>
  z
    .string()
    .optional()
    .meta({ description, examples: [example] });
const moment = (description: string, example: string) =>
  z
    .string()
    .optional()
    .meta({ description, examples: [example], ...writtenMoment });

/** What narrows a list or an export down. */
export const filterQuery = {
  status: z
    .enum(listStatuses)
    .optional()
    .meta({
      description: '`free`: usable, and a seat is free; `held`: a person is signing up right now; the others as in the answer.',
      examples: ['usable'],
    }),
  campaign: text('Only this campaign; its whole name.', 'spring'),
  batch: z
    .guid()
    .optional()
    .meta({ description: 'Only what one bulk request made.', examples: ['0198c7a2-6f0e-7c41-9d55-2f8f4c1b7a10'] }),
  text: text(
    `The beginning of a code in any spelling, words of a note (the last one may be only begun), or, unless the role is \`viewer\`, a phone number; at most ${maximumSearchLength} characters.`,
    'spring 7kq',
  ),
  code: text('Only the invitation that this code lets in by, however it is spelt; there is one at the most.', 'spring 7kq9x m4tp2 rv3h1'),
  code_like: text('Every invitation whose code differs from this one in its spelling at most; one, unless SQL has made others.', 'spring'),
  created_from: moment('Only those made at this moment or later (RFC 3339, or a day or time in `TIME_ZONE`).', '2026-01-01T00:00:00Z'),
  created_to: moment(
    'Only those made before this moment (RFC 3339, or a day, which is included, or time in `TIME_ZONE`).',
    '2026-02-01T00:00:00Z',
  ),
};

/** Of one invitation, in a list. */
const peopleAtMost = 10;

export const invitationsQuery = z.object({
  ...filterQuery,
  ...pageQuery,
  people: z.coerce
    .number()
    .int()
    .min(0)
    .max(peopleAtMost)
    .default(0)
    .meta({ description: 'How many of the people who came in by each are told, the newest.', examples: [3] }),
  total: z
    .enum(['none', 'capped', 'exact'])
    .default('capped')
    .meta({ description: 'Whether to count: quickly and to 500 at most, or all, which may take seconds.', examples: ['capped'] }),
});

export const invitationsAnswer = z
  .object({
    items: z
      .array(
        z.object({
          ...invitationAnswer.shape,
          people: z.array(personInvited).optional().meta({ description: 'Who came in by it, where `people` was asked for.' }),
        }),
      )
      .meta({ description: 'The newest first.' }),
    next: nextCursor,
    total: z
      .object({
        value: z.int().meta({ description: 'How many there are.', examples: [20] }),
        relation: z
          .enum(['exact', 'at_least'])
          .meta({ description: '`at_least`: there may be more; counting stopped there.', examples: ['exact'] }),
      })
      .nullable()
      .meta({ description: 'null for `total=none`.', examples: [{ value: 20, relation: 'exact' }] }),
  })
  .meta({ id: 'InvitationList' });
