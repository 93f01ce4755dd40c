import { z } from 'zod';
import { nextCursor, pageQuery } from '../paging/cursor.ts';
import { hasUnusableCharacter } from '../rules/well-formed-text.ts';
import { writtenMoment } from '../rules/written-moment.ts';

/** @param isTyped its white space is folded: what is looked for is pasted too, with its line end. */
const text = (description: string, example: string, isTyped = false) =>
  z
    .string()
    .min(1)
    .max(256)
    .refine((value) => !hasUnusableCharacter(isTyped ? value.replace(/\s/g, ' ') : value))
    .optional()
    .meta({ description, examples: [example] });
const moment = (description: string, example: string) =>
  z
    .string()
    .optional()
    .meta({ description, examples: [example], ...writtenMoment });

const rowId = z.coerce.number().int().min(1).max(2_147_483_647);

export const userParams = z.object({ id: rowId.meta({ description: 'The id of the user.', examples: [1] }) });

export const userFilterQuery = {
  invitation_id: rowId.optional().meta({ description: 'Users who signed up with this invitation.', examples: [42] }),
  campaign: text('Users who signed up with an invitation of this campaign.', 'spring'),
  text: text(
    'A part of the name, with or without spaces; for the role `admin` also four or more digits of the phone number, in any notation.',
    '길동',
    true,
  ),
  created_from: moment('From this time, inclusive (RFC 3339, or a day or time in `TIME_ZONE`).', '2026-01-01T00:00:00Z'),
  created_to: moment('Before this moment (RFC 3339, or a day, which is included, or time in `TIME_ZONE`).', '2026-02-01T00:00:00Z'),
};

export const userListQuery = z.object({
  ...userFilterQuery,
  ...pageQuery,
  total: z
    .enum(['none', 'capped', 'exact'])
    .default('capped')
    .meta({ description: 'How to count the whole list: not at all, up to 1,000, or completely, which takes time.', examples: ['capped'] }),
});

const user = {
  id: z.int().meta({ description: 'The id of the user in URLs.', examples: [1] }),
  name: z.string().meta({ description: 'As the person typed it.', examples: ['홍길동'] }),
  phone: z.string().meta({ description: 'As the person typed it; masked for all roles but `admin`.', examples: ['010-****-5678'] }),
  created_at: z
    .string()
    .nullable()
    .meta({
      description: 'When they signed up; null if that was before it was recorded.',
      format: 'date-time',
      examples: ['2026-01-01T09:00:00.000Z'],
    }),
  invitation: z
    .object({
      id: z.int().meta({ description: 'The id of the invitation.', examples: [42] }),
      code: z.string().meta({ description: 'Its code.', examples: ['TEST001'] }),
      campaign: z
        .string()
        .nullable()
        .meta({ description: 'Its campaign.', examples: ['spring'] }),
    })
    .nullable()
    .meta({
      description: 'The invitation they signed up with; null if it no longer exists.',
      examples: [{ id: 42, code: 'TEST001', campaign: 'spring' }],
    }),
};

export const userList = z
  .object({
    items: z.array(z.object(user).meta({ id: 'User' })).meta({ description: 'Newest first.' }),
    next: nextCursor,
    total: z
      .object({
        value: z.int().meta({ description: 'How many.', examples: [12] }),
        relation: z.enum(['exact', 'at_least']).meta({ description: 'Whether there may be more.', examples: ['exact'] }),
      })
      .nullable()
      .meta({ description: 'How many there are in total; null if not requested.', examples: [{ value: 12, relation: 'exact' }] }),
  })
  .meta({ id: 'UserList' });

export const userInFull = z
  .object({
    ...user,
    birthday: z
      .string()
      .nullable()
      .meta({ description: 'Only for the role `admin`.', examples: ['1990-01-01'] }),
  })
  .meta({ id: 'UserInFull' });

export const userDeleted = z
  .object({
    deleted: z.literal(true).meta({ description: 'All data of the user is deleted.', examples: [true] }),
    id: user.id,
  })
  .meta({ id: 'UserDeleted' });
