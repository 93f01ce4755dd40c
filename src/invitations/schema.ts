import { z } from 'zod';
import { writtenDuration, writtenMoment } from '../rules/written-moment.ts';
import { maximumCampaignLength, maximumNoteLength } from './campaign-and-note.ts';
import { maximumCustomLength, maximumPrefixLength } from './code.ts';
import { generatedLength } from './code-generator.ts';

/** A time or null, as `shownMoment` gives it. */
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

const invitationStatus = z.enum(['usable', 'used', 'expired', 'revoked', 'not_started']).meta({
  description: 'The state of the invitation right now, by the database clock.',
  examples: ['usable'],
});

export const personInvited = z.object({
  user_id: z.int().meta({ description: 'The id of the user in URLs.', examples: [7] }),
  name: z.string().meta({ description: 'As the person wrote it.', examples: ['홍길동'] }),
  created_at: moment('When they signed up.', '2026-01-02T10:00:00.000Z'),
});

/** An invitation as operators see it; `showInvitation` makes one. */
export const invitationAnswer = z
  .object({
    id: z.int().meta({ description: 'The id of the invitation in URLs.', examples: [42] }),
    code: z.string().meta({ description: 'The code that people type.', examples: ['SPRING-7KQ9X-M4TP2-RV3H5'] }),
    link: nullable('Opens the sign-up page with the code filled in; null if `PUBLIC_URL` is not set.', exampleLink()),
    status: invitationStatus,
    seats: z
      .object({
        total: seats('How many people may sign up.', 1),
        used: seats('Seats of users.', 0),
        held: seats('Seats held by sign-ups in progress.', 0),
        held_without_step: seats('Held seats whose sign-up has no stored step yet.', 0),
        free: seats('Seats that can be taken right now; 0 unless the status is `usable`.', 1),
      })
      .meta({ description: 'Where the seats are.', examples: [{ total: 1, used: 0, held: 0, held_without_step: 0, free: 1 }] }),
    campaign: nullable('Groups invitations.', 'spring'),
    note: nullable('Only operators see it.', 'for the people of the workshop'),
    phone: nullable('Only this number can sign up (E.164); masked for viewers; null: any number.', '+821012345678'),
    created_by: nullable('The label of the operator key that created it; null if it was not created by this program.', 'Kim, marketing'),
    created_at: moment('When it was created.', '2026-01-01T09:00:00.000Z'),
    starts_at: moment('When it starts; null: at once.', null),
    expires_at: moment('When it expires; null: never.', '2026-01-08T09:00:00.000Z'),
    revoked_at: moment('When the invitation itself was revoked.', null),
    campaign_revoked: z.boolean().meta({ description: 'Whether its campaign is revoked.', examples: [false] }),
    batch: nullable('Shared by the invitations that one bulk request made.', '0198c7a2-6f0e-7c41-9d55-2f8f4c1b7a10'),
    version: z.string().meta({
      description:
        'Changes with every change by an operator: send it as `If-Match`, in quotes. It is derived from the answer, so viewers get a different one.',
      examples: ['9f86d081884c7d659a2feaa0c55ad015'],
    }),
  })
  .meta({ id: 'Invitation' });

export const testCodesAnswer = z
  .object({
    codes: z.array(z.string()).meta({ description: 'The test codes, now usable.', examples: [['TEST001', 'TEST002']] }),
    expires_at: z.string().meta({ description: 'When they expire.', format: 'date-time', examples: ['2026-01-02T09:00:00.000Z'] }),
  })
  .meta({ id: 'TestCodes' });

function exampleLink(): string {
  return 'https://signup.example.com/join#SPRING-7KQ9X-M4TP2-RV3H5';
}

/** An optional member; null means the same as missing. */
const text = (description: string, example?: string) =>
  z
    .string()
    .nullish()
    .meta({ description, ...(example !== undefined && { examples: [example] }) });
/** An optional moment. Members that exclude each other have no example of their own: the body's example shows one of them. */
export const momentMember = (description: string, example?: string) =>
  z
    .string()
    .nullish()
    .meta({ description, ...(example !== undefined && { examples: [example] }), ...writtenMoment });
export const durationMember = (description: string, example?: string) =>
  z
    .string()
    .nullish()
    .meta({ description, ...(example !== undefined && { examples: [example] }), pattern: writtenDuration });

/** What the invitations of one request have in common. */
export const wantedMembers = {
  max_uses: z
    .int()
    .min(1)
    .max(1_000_000)
    .nullish()
    .meta({ description: 'Seats: how many people may sign up. Default: 1.', examples: [1] }),
  starts_at: momentMember(
    'When it starts (RFC 3339; a day or a time without an offset is in `TIME_ZONE`). Default: at once.',
    '2030-01-01T09:00:00+09:00',
  ),
  expires_at: momentMember('When it expires, such as `2030-01-08T09:00:00+09:00`. Default: never. Not together with `valid_for`.'),
  valid_for: durationMember('How long it can be used, from `starts_at` or from now: `30m`, `12h`, `7d`, `2w`.', '7d'),
  campaign: text(`Groups invitations; 1 to ${maximumCampaignLength} characters.`, 'spring'),
  note: text(`Only operators see it. 1 to ${maximumNoteLength} characters.`, 'for the people of the workshop'),
};

/** The form of generated codes. */
export const codeFormMembers = {
  prefix: text(`What the codes begin with, 1 to ${maximumPrefixLength} letters, digits and \`._~-\`.`, 'SPRING'),
  length: z
    .int()
    .min(generatedLength.minimum)
    .max(generatedLength.maximum)
    .nullish()
    .meta({
      description: `Characters of the generated part, the last of them a check character. Default: ${generatedLength.usual}.`,
      examples: [15],
    }),
};

export const createBody = z
  .strictObject({
    code: text(
      `A custom code, 1 to ${maximumCustomLength} letters, digits and \`._~-\`. Default: a generated code. Such as \`WELCOME-2030\`, alone: not with \`count\`, \`prefix\` or \`length\`.`,
    ),
    count: z
      .int()
      .min(1)
      .max(1_000)
      .nullish()
      .meta({ description: 'How many invitations with generated codes. Default: 1.', examples: [20] }),
    ...codeFormMembers,
    ...wantedMembers,
    phone: text('Only this number can sign up, in any notation. Default: any number.', '010-1234-5678'),
  })
  .meta({ id: 'CreateInvitations', examples: [{ count: 20, prefix: 'SPRING', campaign: 'spring', valid_for: '7d' }] });

export const createAnswer = z
  .object({ invitations: z.array(invitationAnswer).meta({ description: 'In the order of creation.' }) })
  .meta({ id: 'InvitationsCreated' });
