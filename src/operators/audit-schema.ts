import { z } from 'zod';
import { nextCursor, pageQuery } from '../paging/cursor.ts';
import { hasUnusableCharacter } from '../rules/well-formed-text.ts';
import { writtenMoment } from '../rules/written-moment.ts';

/** What the audit log records. */
const subjects = ['invitation', 'campaign', 'user', 'operator_key'] as const;
const text = (description: string, example: string) =>
  z
    .string()
    .max(256)
    .refine((value) => !hasUnusableCharacter(value))
    .optional()
    .meta({ description, examples: [example] });

export const auditQuery = z.object({
  subject: z
    .enum(subjects)
    .optional()
    .meta({ description: 'The kind of thing that was changed or read.', examples: ['invitation'] }),
  subject_id: text('Its id, or the name of a campaign.', '42'),
  action: text('What was done.', 'invitation.revoke'),
  key_id: z.coerce
    .number()
    .int()
    .min(0)
    .max(2_147_483_647)
    .optional()
    .meta({ description: 'The id of the key; 0: on the machine itself.', examples: [3] }),
  from: text('From this time, inclusive (RFC 3339, or a day or time in `TIME_ZONE`).', '2026-01-01T00:00:00Z').meta(writtenMoment),
  to: text('Before this moment (RFC 3339, or a day, which is included, or time in `TIME_ZONE`).', '2026-02-01T00:00:00Z').meta(
    writtenMoment,
  ),
  ...pageQuery,
});

const members = (description: string, example: object | null) =>
  z
    .record(z.string(), z.unknown())
    .nullable()
    .meta({ description, examples: [example] });

const auditEntry = z
  .object({
    id: z.int().meta({ description: 'Newer entries have larger ids.', examples: [1042] }),
    at: z.string().meta({ description: 'When it happened.', format: 'date-time', examples: ['2026-01-01T09:00:00.000Z'] }),
    key_id: z
      .int()
      .nullable()
      .meta({ description: 'The id of the key; null: on the machine itself.', examples: [3] }),
    operator: z.string().meta({ description: 'The label of the key at that time, or `local`.', examples: ['Kim, marketing'] }),
    action: z.string().meta({ description: 'What was done.', examples: ['invitation.revoke'] }),
    subject: z.string().meta({ description: 'The kind of thing that was changed or read.', examples: ['invitation'] }),
    subject_id: z
      .string()
      .nullable()
      .meta({ description: 'Its id; null: several.', examples: ['42'] }),
    before: members('The changed fields before; never secrets or personal data.', { revoked_at: null }),
    after: members('The changed fields after.', { revoked_at: '2026-01-01T09:00:00.000Z' }),
    request_id: z
      .string()
      .nullable()
      .meta({ description: 'The `X-Request-Id` of the answer.', examples: ['1c1f8a4e-0b7d-4a53-9d3a-2f1c5f1f6f0e'] }),
    origin: z
      .string()
      .nullable()
      .meta({ description: 'The address that the request came from.', examples: ['203.0.113.7'] }),
  })
  .meta({ id: 'AuditEntry' });

export const auditList = z
  .object({
    items: z.array(auditEntry).meta({ description: 'Newest first.' }),
    next: nextCursor,
  })
  .meta({ id: 'AuditLog' });
