import { z } from 'zod';
import type { InvitationState } from '../invitations/availability.ts';
import { isOperatorKey } from '../operators/operator-key.ts';

/**
 * What the commands read of the service's answers. The server at `--url` is not trusted: an answer of another shape is refused before anything of it is
 * shown. Members that are not named here pass, for services that are newer than this program.
 */

/** RFC 3339, a moment that there is. */
const moment = z
  .string()
  .refine((text) => /^\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2})$/.test(text) && !Number.isNaN(Date.parse(text)));
const count = z.int().min(0);
const id = z.int();

const states = ['usable', 'used', 'expired', 'revoked', 'not_started'] as const satisfies readonly InvitationState[];

const invitation = {
  id,
  code: z.string(),
  link: z.string().nullable(),
  status: z.enum(states),
  /** A service before this version does not tell `held_without_step`. */
  seats: z.looseObject({ total: count, used: count, held: count, held_without_step: count.optional() }),
  campaign: z.string().nullable(),
  note: z.string().nullable(),
  phone: z.string().nullable(),
  created_by: z.string().nullable(),
  created_at: moment.nullable(),
  starts_at: moment.nullable(),
  expires_at: moment.nullable(),
  revoked_at: moment.nullable(),
  campaign_revoked: z.boolean(),
  batch: z.string().nullable(),
  /** For `If-Match`. */
  version: z.string().optional(),
};
const person = z.looseObject({ user_id: id, name: z.string(), created_at: moment.nullable() });

export const invitationAnswer = z.looseObject(invitation);
export type AnsweredInvitation = z.infer<typeof invitationAnswer>;

export const invitationWithPeople = z.looseObject({ ...invitation, people: z.array(person) });
export type ListedInvitation = z.infer<typeof invitationWithPeople>;
export type AnsweredPerson = z.infer<typeof person>;

export const invitationsMade = z.looseObject({ invitations: z.array(invitationAnswer) });

const cursor = z.string().min(1).nullable();
export const invitationList = z.looseObject({
  items: z.array(invitationWithPeople),
  next: cursor,
  total: z.looseObject({ value: count, relation: z.enum(['exact', 'at_least']) }).nullable(),
});
export type InvitationListAnswer = z.infer<typeof invitationList>;
/** If people were not requested. */
export const invitationsFound = z.looseObject({ items: z.array(invitationAnswer) });

/** Of changing, revoking and restoring many. */
export const invitationsChanged = z.looseObject({ found: count, changed: count });

export const campaignAnswer = z.looseObject({ campaign: z.string(), invitations: z.looseObject({ total: count, usable: count }) });
/** Of revoking and restoring a campaign. */
export const campaignChanged = z.looseObject({ campaign: z.string() });

export const importAnswer = z.looseObject({
  dry_run: z.boolean(),
  lines: count,
  created: count,
  updated: count.optional(),
  updated_lines: z.array(count).optional(),
  unchanged: count,
});

const session = z.looseObject({
  attempt: z.string(),
  invitation_id: id,
  campaign: z.string().nullable(),
  started_at: moment,
  expires_at: moment,
  completed_steps: z.array(z.string()),
});
export type AnsweredSession = z.infer<typeof session>;
export const sessionList = z.looseObject({ items: z.array(session), next: cursor });
export const sessionEnded = z.looseObject({ ended: z.literal(true), attempt: z.string() });

export const sessionsEnded = z.looseObject({ ended: z.int() });

export const testCodesRenewed = z.looseObject({ expires_at: moment });

export const previewLinkMade = z.looseObject({
  path: z.string().regex(/^\/join\?[\w.=-]+$/),
  link: z.string().nullable(),
  expires_at: moment,
});

export const meAnswer = z.looseObject({ label: z.string(), role: z.string() });

export const keyMade = z.looseObject({ key: z.string().refine(isOperatorKey) });
const key = z.looseObject({
  id,
  label: z.string(),
  role: z.string(),
  hint: z.string(),
  created_at: moment,
  last_used_at: moment.nullable(),
  expires_at: moment.nullable(),
  revoked_at: moment.nullable(),
});
export const keyAnswer = key;
export type AnsweredKey = z.infer<typeof key>;
export const keyList = z.looseObject({ items: z.array(key), next: cursor.optional() });

/** A line of the answer of `POST /admin/invitations/bulk`. */
export const bulkEvent = z.discriminatedUnion('event', [
  z.looseObject({ event: z.literal('progress'), created: count, of: count }),
  z.looseObject({ event: z.literal('invitation'), id, code: z.string(), link: z.string().nullable() }),
  z.looseObject({ event: z.literal('done'), created: count, batch: z.string() }),
  /** With a batch all of them are made, and only telling their codes failed. */
  z.looseObject({ event: z.literal('failed'), batch: z.string().optional(), problem: z.looseObject({ status: z.int() }) }),
]);
