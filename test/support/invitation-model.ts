import fc from 'fast-check';
import type { ShownInvitation } from '../../src/invitations/invitation-view.ts';
import type { Application } from './application.ts';

/** An invitation as a test imagines it: every moment is an hour from now, or days for `createdDaysAgo`. */
export interface ImaginedInvitation {
  readonly isUsed: boolean;
  readonly maxUses: number;
  readonly useCount: number;
  readonly isRevoked: boolean;
  readonly campaign: string | null;
  readonly note: readonly string[] | null;
  readonly phone: string | null;
  readonly starts: 'past' | 'future' | null;
  readonly expires: 'past' | 'future' | null;
  readonly batch: string | null;
  readonly createdDaysAgo: number | null;
  readonly codeStart: string;
  readonly liveSessions: number;
  readonly deadSessions: number;
}

export interface ImaginedFilters {
  readonly status?: 'usable' | 'free' | 'held' | 'used' | 'expired' | 'revoked' | 'not_started';
  readonly campaign?: string;
  readonly batch?: string;
  readonly text?: string;
  readonly fromDaysAgo?: number;
  readonly toDaysAgo?: number;
}

/** `gone` is revoked, `unnamed` is on invitations only. */
const campaigns = ['봄/여름', 'autumn', 'gone', 'unnamed'] as const;
const batches = ['0198c7a2-6f0e-7c41-9d55-2f8f4c1b7a10', '0198c7a2-6f0e-7c41-9d55-2f8f4c1b7a11'] as const;
const phones = ['+821020001111', '+821020002222'] as const;
const words = ['Guest', 'guests', '초대', '초대받은', '100%', 'a_b'] as const;
const codeStarts = ['SPRING', 'SPR1NG', 'LOOK', '100%', 'A_B'] as const;

const moment = fc.constantFrom('past', 'future', null);
const rarely = { depthSize: 'small' } as const;

export const imaginedInvitation: fc.Arbitrary<ImaginedInvitation> = fc
  .record({
    isUsed: fc.boolean(),
    maxUses: fc.integer({ min: 1, max: 3 }),
    useCount: fc.integer({ min: 0, max: 3 }),
    isRevoked: fc.nat(4).map((number) => number === 0),
    campaign: fc.option(fc.constantFrom(...campaigns)),
    note: fc.option(fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 3 }), rarely),
    phone: fc.option(fc.constantFrom(...phones)),
    starts: moment,
    expires: moment,
    batch: fc.option(fc.constantFrom(...batches)),
    createdDaysAgo: fc.option(fc.nat(3)),
    codeStart: fc.constantFrom(...codeStarts),
    liveSessions: fc.nat(2),
    deadSessions: fc.nat(1),
  })
  .map((one) => ({ ...one, useCount: Math.min(one.useCount, one.maxUses) }));

const texts = [
  'spr-ing',
  'SPRl',
  'l00k',
  'guest',
  'GUESTS 초대',
  '초대',
  '초대 gue',
  '010-2000-1111',
  '+82 10 2000 2222',
  '100%',
  'a_b',
  '%',
  '_',
  '\\',
  '-',
];

/** Most of the time not asked for: of several filters together hardly anything is left. */
const seldom = <T>(arbitrary: fc.Arbitrary<T>) => fc.oneof({ arbitrary: fc.constant(undefined), weight: 5 }, { arbitrary, weight: 1 });

export const imaginedFilters: fc.Arbitrary<ImaginedFilters> = fc
  .record({
    status: fc.option(fc.constantFrom('usable', 'free', 'held', 'used', 'expired', 'revoked', 'not_started'), { nil: undefined, freq: 3 }),
    campaign: seldom(fc.constantFrom(...campaigns, 'nobody')),
    batch: seldom(fc.constantFrom(...batches)),
    text: seldom(fc.constantFrom(...texts)),
    fromDaysAgo: seldom(fc.nat(3)),
    toDaysAgo: seldom(fc.nat(3)),
  })
  .map((filters) => Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined)));

/**
 * Replaces every invitation by these.
 * @returns their ids, in the same order.
 */
export async function storeImagined({ query }: Application, imagined: readonly ImaginedInvitation[]): Promise<number[]> {
  await query('DELETE FROM "RegisterSession"');
  await query('DELETE FROM "Invitation"');
  await query(
    `INSERT INTO campaigns (name, revoked_at) VALUES ('봄/여름', NULL), ('autumn', NULL), ('gone', now()) ON CONFLICT DO NOTHING`,
  );
  const rows = imagined.map((one, index) => ({ ...one, note: one.note?.join(' ') ?? null, code: `${one.codeStart}-${index}` }));
  const hours = { past: -1, future: 1 };
  const ids = await query<{ id: number }>(
    `INSERT INTO "Invitation" (code, is_used, max_uses, use_count, revoked_at, campaign, note, phone, starts_at, expires_at, batch, created_at)
     SELECT row.code, row.is_used, row.max_uses, row.use_count, CASE WHEN row.is_revoked THEN now() END, row.campaign, row.note, row.phone,
       now() + row.starts * interval '1 hour', now() + row.expires * interval '1 hour', row.batch, now() - row.created * interval '1 day'
     FROM jsonb_to_recordset($1::text::jsonb) AS row (place integer, code text, is_used boolean, max_uses integer, use_count integer,
       is_revoked boolean, campaign text, note text, phone text, starts integer, expires integer, batch uuid, created integer)
     ORDER BY place RETURNING id`,
    [
      JSON.stringify(
        rows.map((row, place) => ({
          place,
          code: row.code,
          is_used: row.isUsed,
          max_uses: row.maxUses,
          use_count: row.useCount,
          is_revoked: row.isRevoked,
          campaign: row.campaign,
          note: row.note,
          phone: row.phone,
          starts: row.starts && hours[row.starts],
          expires: row.expires && hours[row.expires],
          batch: row.batch,
          created: row.createdDaysAgo,
        })),
      ),
    ],
  );
  const sessions = imagined.flatMap((one, index) => [
    ...Array.from({ length: one.liveSessions }, () => ({ invitation: ids[index]?.id, hours: 1 })),
    ...Array.from({ length: one.deadSessions }, () => ({ invitation: ids[index]?.id, hours: -1 })),
  ]);
  await query(
    `INSERT INTO "RegisterSession" ("sessionId", "invitationId", expires_at)
     SELECT gen_random_uuid()::text, row.invitation, now() + row.hours * interval '1 hour'
     FROM jsonb_to_recordset($1::text::jsonb) AS row (invitation integer, hours integer)`,
    [JSON.stringify(sessions)],
  );
  return ids.map(({ id }) => id);
}

/** What README and glossary say an invitation is, in the plainest words. */
export function statusOf(one: ImaginedInvitation): 'usable' | 'used' | 'expired' | 'revoked' | 'not_started' {
  if (one.isRevoked || one.campaign === 'gone') return 'revoked';
  if (one.isUsed) return 'used';
  if (one.expires === 'past') return 'expired';
  return one.starts === 'future' ? 'not_started' : 'usable';
}

export function seatsOf(one: ImaginedInvitation): ShownInvitation['seats'] {
  const total = one.maxUses;
  // A count that is full while the invitation is not used: the original's SQL has reset it.
  const used = one.isUsed ? total : one.useCount >= total ? 0 : one.useCount;
  const held = Math.min(one.liveSessions, total - used);
  // The sessions of the model were opened by no network.
  return { total, used, held, held_without_step: 0, free: statusOf(one) === 'usable' ? total - used - held : 0 };
}

/** @param index of the invitation: it is the end of its code. */
export function meets(one: ImaginedInvitation, index: number, filters: ImaginedFilters): boolean {
  const { status, campaign, batch, text, fromDaysAgo, toDaysAgo } = filters;
  if (status === 'free') {
    if (seatsOf(one).free === 0) return false;
  } else if (status === 'held') {
    if (seatsOf(one).held === 0) return false;
  } else if (status !== undefined && statusOf(one) !== status) return false;
  if (campaign !== undefined && one.campaign !== campaign) return false;
  if (batch !== undefined && one.batch !== batch) return false;
  // The bounds are half a day before the day, so that nothing depends on the second.
  if (fromDaysAgo !== undefined && (one.createdDaysAgo === null || one.createdDaysAgo > fromDaysAgo)) return false;
  if (toDaysAgo !== undefined && (one.createdDaysAgo === null || one.createdDaysAgo <= toDaysAgo)) return false;
  return text === undefined || hasText(one, `${one.codeStart}-${index}`, text);
}

function hasText(one: ImaginedInvitation, code: string, text: string): boolean {
  const key = keyOf(text);
  if (key !== '' && keyOf(code).startsWith(key)) return true;
  if (one.phone !== null && one.phone === phoneOf(text)) return true;
  const sought = wordsOf(text);
  const held = wordsOf(one.note?.join(' ') ?? '');
  const last = sought.at(-1);
  return last !== undefined && sought.slice(0, -1).every((word) => held.includes(word)) && held.some((word) => word.startsWith(last));
}

function keyOf(text: string): string {
  return text.toUpperCase().replace(/[- ]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
}

function phoneOf(text: string): string {
  const digits = text.replace(/\D/g, '');
  return `+${digits.startsWith('82') ? digits : `82${digits.slice(1)}`}`;
}

/** As PostgreSQL's parser finds them in the few words that are used here. */
function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
