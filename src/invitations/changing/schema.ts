import { z } from 'zod';
import { invitationAnswer, personInvited } from '../schema.ts';

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
    starts_at: text('When it starts (RFC 3339, with an offset); null: at once.', '2030-01-01T09:00:00+09:00'),
    expires_at: text('When it expires; null: never. Not together with `valid_for`.', '2030-01-08T09:00:00+09:00'),
    valid_for: text('How long it can be used, from `starts_at` if that is in the future, else from now.', '7d'),
    campaign: text('Groups invitations; null: none.', 'spring'),
    note: text('For operators; null: none.', 'for the people of the workshop'),
    phone: text('Only this number can sign up, in any notation; null: any number.', '010-1234-5678'),
  })
  .meta({ id: 'ChangeInvitation', description: 'A missing member stays as it is; null clears it.' });

export const versionHeaders = z.object({
  'if-match': z
    .string()
    .max(1_000)
    .optional()
    .meta({ description: 'The `ETag` of the invitation as you read it, or `*`.', examples: ['"9f86d081884c7d659a2feaa0c55ad015"'] }),
});
