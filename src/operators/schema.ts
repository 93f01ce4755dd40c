import { z } from 'zod';
import { nextCursor, pageQuery } from '../paging/cursor.ts';
import { writtenDuration, writtenMoment } from '../rules/written-moment.ts';
import { maximumKeyLabelLength } from './key-label.ts';
import { roles } from './roles.ts';

const moment = (description: string, example: string | null) =>
  z
    .string()
    .nullable()
    .meta({ description, format: 'date-time', examples: [example] });
const presentMoment = (description: string, example: string) => z.string().meta({ description, format: 'date-time', examples: [example] });

const id = z.int().meta({ description: 'The id of the key in URLs.', examples: [3] });
const label = z.string().meta({
  description: 'Who or what uses the key; shown in the audit log.',
  minLength: 1,
  maxLength: maximumKeyLabelLength,
  examples: ['Kim, marketing'],
});
const role = z.enum(roles).meta({ description: 'What the key may do; each role includes those before it.', examples: ['issuer'] });

export const createKeyBody = z
  .strictObject({
    label,
    role,
    expires_at: z
      .string()
      .optional()
      .meta({
        description: 'When the key expires, such as `2030-01-31` (RFC 3339, or a day, which is included, or time in `TIME_ZONE`).',
        ...writtenMoment,
      }),
    valid_for: z
      .string()
      .optional()
      .meta({ description: 'The same as a duration from now; at most one of the two.', pattern: writtenDuration, examples: ['90d'] }),
  })
  .meta({ id: 'CreateOperatorKey', examples: [{ label: 'Kim, marketing', role: 'issuer', valid_for: '90d' }] });

export const keyParams = z.object({
  id: z.coerce
    .number()
    .int()
    .min(1)
    .max(2_147_483_647)
    .meta({ description: 'The id of the key.', examples: [3] }),
});

const key = {
  id,
  label,
  role,
  hint: z.string().meta({ description: 'The beginning of the key, to recognise it.', examples: ['chodae_key_5f0c1a…'] }),
  created_at: presentMoment('When it was created.', '2026-01-01T09:00:00.000Z'),
  created_by: z.string().meta({ description: 'The label of the key that created it, or `local`.', examples: ['local'] }),
  expires_at: moment('When it expires; null: never.', null),
};

export const keyCreatedAnswer = z
  .object({
    ...key,
    key: z
      .string()
      .meta({ description: 'The key itself, shown only this once.', examples: ['chodae_key_5f0c1a7d9b3e8f6021c4a5d7e9b0f3c2d1e4a6b8'] }),
  })
  .meta({ id: 'OperatorKeyCreated', description: 'The key, shown only this once.' });

export const keyAnswer = z
  .object({
    ...key,
    last_used_at: moment('When it was last used, to within a minute.', '2026-01-02T09:00:00.000Z'),
    revoked_at: moment('When it was revoked.', null),
  })
  .meta({ id: 'OperatorKey' });

export const keyList = z
  .object({ items: z.array(keyAnswer).meta({ description: 'Newest first.' }), next: nextCursor })
  .meta({ id: 'OperatorKeyList' });

export const keyListQuery = z.object(pageQuery);

export const meAnswer = z
  .object({
    key_id: z
      .int()
      .nullable()
      .meta({ description: 'The id of the key of the request; null: on the machine itself.', examples: [3] }),
    label,
    role,
  })
  .meta({ id: 'Me' });
