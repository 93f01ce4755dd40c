import { z } from 'zod';
import { writtenDuration } from '../../rules/written-moment.ts';
import { durationMember, invitationAnswer, momentMember, personInvited } from '../schema.ts';

export const invitationPath = z.object({
  id: z.coerce
    .number()
    .int()
    .min(1)
    .max(2_147_483_647)
    .meta({ description: 'The `id` of the invitation.', examples: [42] }),
});

export const invitationWithPeople = z
  .object({
    ...invitationAnswer.shape,
    people: z.array(personInvited).meta({ description: 'The users who signed up with it, the newest 100.' }),
  })
  .meta({ id: 'InvitationWithPeople' });

const text = (description: string, example: string) =>
  z
    .string()
    .nullish()
    .meta({ description, examples: [example] });

export const changeBody = z
  .strictObject({
    max_uses: z
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .meta({ description: 'Seats; at least as many as are used.', examples: [20] }),
    starts_at: momentMember(
      'When it starts (RFC 3339; a day or a time without an offset is in `TIME_ZONE`); null: at once.',
      '2030-01-01T09:00:00+09:00',
    ),
    expires_at: momentMember('When it expires, such as `2030-01-08T09:00:00+09:00`; null: never. Not together with `valid_for`.'),
    valid_for: durationMember('How long it can be used, from `starts_at` if that is in the future, else from now.', '7d'),
    campaign: text('Groups invitations; null: none.', 'spring'),
    note: text('For operators; null: none.', 'for the people of the workshop'),
    phone: text('Only this number can sign up, in any notation; null: any number.', '010-1234-5678'),
  })
  .meta({
    id: 'ChangeInvitation',
    description: 'A missing member stays as it is; null clears it.',
    examples: [{ max_uses: 20, valid_for: '7d' }],
  });

export const versionHeaders = z.object({
  'if-match': z
    .string()
    .max(1_000)
    .optional()
    .meta({
      description: 'The `ETag` of the invitation as you read it, or `*`. Required: without it the answer is 428.',
      pattern: '^(\\*|(W/)?"[!#-~]{1,256}")',
      examples: ['"9f86d081884c7d659a2feaa0c55ad015"'],
    }),
});

const batch = z
  .guid()
  .meta({ description: 'Shared by what one bulk request or import made.', examples: ['0198c7a2-6f0e-7c41-9d55-2f8f4c1b7a10'] });

const extendPattern = `^[-\u2212]?${writtenDuration.slice(1)}`;

export const changeManyBody = z
  .strictObject({
    campaign: z
      .string()
      .optional()
      .meta({ description: 'All invitations of this campaign; either this or `batch`.', examples: ['spring'] }),
    batch: batch.optional().meta({ description: 'All that one bulk request or import made.', examples: [] }),
    max_uses: changeBody.shape.max_uses,
    starts_at: changeBody.shape.starts_at,
    expires_at: changeBody.shape.expires_at,
    valid_for: durationMember('How long they can be used, from `starts_at` if that is in the future, else from now.'),
    extend: z
      .string()
      .optional()
      .meta({
        description: 'Moves every end by a duration; `-7d` undoes `7d`. Invitations without an end keep none.',
        pattern: extendPattern,
        examples: ['7d'],
      }),
    dry_run: z
      .boolean()
      .optional()
      .meta({ description: 'Whether to do everything and then undo it.', examples: [false] }),
  })
  .meta({ id: 'ChangeInvitations', examples: [{ campaign: 'spring', extend: '7d' }] });

export const batchBody = z.strictObject({ batch }).meta({ id: 'InvitationBatch' });

export const changedAnswer = z
  .object({
    dry_run: z.boolean().meta({ description: 'Whether all of it was undone.', examples: [false] }),
    found: z.int().meta({ description: 'Invitations of the campaign or batch.', examples: [500] }),
    changed: z.int().meta({ description: 'Those that are different now.', examples: [500] }),
  })
  .meta({ id: 'InvitationsChanged' });
