import { z } from 'zod';

/** A moment or null, as `shownMoment` gives it. */
const moment = (description: string, example: string | null) =>
  z
    .string()
    .nullable()
    .meta({ description, format: 'date-time', examples: [example] });
const nullable = (description: string, example: string) =>
  z
    .string()
    .nullable()
    .meta({ description, examples: [example] });
const seats = (description: string, example: number) => z.int().meta({ description, examples: [example] });

export const invitationStatus = z.enum(['usable', 'used', 'expired', 'revoked', 'not_started']).meta({
  description: 'What the invitation is right now, by the clock of the database.',
  examples: ['usable'],
});

/** An invitation as operators see it; `showInvitation` makes one. */
export const invitationAnswer = z
  .object({
    id: z.int().meta({ description: 'Names the invitation in addresses.', examples: [42] }),
    code: z.string().meta({ description: 'What people type.', examples: ['SPRING-7KQ9X-M4TP2-RV3H1'] }),
    link: nullable('Opens the sign-up page with the code filled in; null where `PUBLIC_URL` is not set.', exampleLink()),
    status: invitationStatus,
    seats: z
      .object({
        total: seats('How many people may sign up.', 1),
        used: seats('Seats of users.', 0),
        held: seats('Seats of people who are signing up right now.', 0),
        free: seats('Seats that somebody can take right now; 0 unless the status is `usable`.', 1),
      })
      .meta({ description: 'Where the seats are.', examples: [{ total: 1, used: 0, held: 0, free: 1 }] }),
    campaign: nullable('Groups invitations.', 'spring'),
    note: nullable('For operators; nobody else sees it.', 'for the people of the workshop'),
    phone: nullable('Only this number can sign up (E.164); null: any.', '+821012345678'),
    created_by: nullable('The label of the operator key that made it; null: not made by this program.', 'Kim, marketing'),
    created_at: moment('When it was made.', '2026-01-01T09:00:00.000Z'),
    starts_at: moment('From when on it can be used; null: at once.', null),
    expires_at: moment('Until when it can be used; null: for ever.', '2026-01-08T09:00:00.000Z'),
    revoked_at: moment('When it was revoked itself.', null),
    campaign_revoked: z.boolean().meta({ description: 'Whether its campaign is revoked.', examples: [false] }),
    batch: nullable('Shared by the invitations that one bulk request made.', '0198c7a2-6f0e-7c41-9d55-2f8f4c1b7a10'),
    version: z.string().meta({
      description: 'Changes with whatever an operator changes: send it as `If-Match`, in quotes.',
      examples: ['9f86d081884c7d659a2feaa0c55ad015'],
    }),
  })
  .meta({ id: 'Invitation' });

function exampleLink(): string {
  return 'https://signup.example.com/join#SPRING-7KQ9X-M4TP2-RV3H1';
}
