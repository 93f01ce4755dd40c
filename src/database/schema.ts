import { sql } from 'drizzle-orm';
import {
  bigserial,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  serial,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { codeKey, searchPieces } from './folded-text.ts';

/**
 * The tables. Names in mixed case and their first columns are the original's and never change; columns in snake_case are ours, and nullable or
 * defaulted, so that the original's own SQL and the original's own program still work on these tables.
 * Each index says which statement it serves; one that serves none is dropped, because every row pays for it.
 * After a change: `npx drizzle-kit generate --name <what>`, read the SQL, commit both.
 */
const moment = (name: string) => timestamp(name, { withTimezone: true });

export const invitations = pgTable(
  'Invitation',
  {
    id: serial('id').primaryKey(),
    code: text('code').notNull(),
    /** The truth about "no seat left": a claim sets it, the original's SQL resets it. */
    isUsed: boolean('is_used').notNull().default(false),
    /** The newest user that came in by this invitation. */
    usedBy: integer('used_by'),
    /** NULL: the row is older than this column. */
    createdAt: moment('created_at').defaultNow(),
    startsAt: moment('starts_at'),
    expiresAt: moment('expires_at'),
    revokedAt: moment('revoked_at'),
    maxUses: integer('max_uses').notNull().default(1),
    useCount: integer('use_count').notNull().default(0),
    campaign: text('campaign'),
    note: text('note'),
    /** E.164: only this number may complete. */
    phone: text('phone'),
    /** The label of the operator key that made it. */
    createdBy: text('created_by'),
    /** Shared by the invitations that were made by one bulk request. */
    batch: uuid('batch'),
  },
  (table) => [
    // The exact code of a verify, and that no code exists twice.
    uniqueIndex('Invitation_code_key').on(table.code),
    // Tolerant look-ups, and search by the beginning of a code.
    index('Invitation_tolerant_code_idx').on(sql.raw(`(${codeKey('code')}) text_pattern_ops`)),
    // Forgetting a person whom an invitation names.
    index('Invitation_phone_idx').on(table.phone).where(sql`${table.phone} IS NOT NULL`),
    // The list by words of a note.
    index('Invitation_note_words_idx').using('gin', sql`to_tsvector('simple', ${table.note})`).where(sql`${table.note} IS NOT NULL`),
    // Each list that an operator can ask for is read in the order of one of these: of a campaign (also the funnel of one), of a batch, and by status;
    // invitations not started and expired by their moments, those of a period by when they were made.
    index('Invitation_campaign_idx').on(table.campaign, table.id).where(sql`${table.campaign} IS NOT NULL`),
    index('Invitation_batch_idx').on(table.batch, table.id).where(sql`${table.batch} IS NOT NULL`),
    index('Invitation_open_idx').on(table.id).where(sql`NOT ${table.isUsed} AND ${table.revokedAt} IS NULL`),
    index('Invitation_used_idx').on(table.id).where(sql`${table.isUsed}`),
    index('Invitation_revoked_idx').on(table.id).where(sql`${table.revokedAt} IS NOT NULL`),
    index('Invitation_starts_at_idx').on(table.startsAt, table.id).where(sql`${table.startsAt} IS NOT NULL`),
    index('Invitation_expires_at_idx').on(table.expiresAt, table.id).where(sql`${table.expiresAt} IS NOT NULL`),
    index('Invitation_created_at_idx').on(table.createdAt, table.id),
    check('Invitation_max_uses_check', sql`${table.maxUses} BETWEEN 1 AND 1000000`),
    check('Invitation_use_count_check', sql`${table.useCount} BETWEEN 0 AND ${table.maxUses}`),
  ],
);

export const registerSessions = pgTable(
  'RegisterSession',
  {
    sessionId: text('sessionId').primaryKey(),
    invitationId: integer('invitationId').notNull(),
    name: text('name'),
    /** A bcrypt hash. */
    password: text('password'),
    birthday: text('birthday'),
    phone: text('phone'),
    createdAt: moment('created_at').notNull().defaultNow(),
    expiresAt: moment('expires_at').notNull().default(sql`(now() + '00:30:00'::interval)`),
    /** Names the sign-up to operators and in `registration_attempts`, without naming the session or the person. */
    attempt: uuid('attempt').notNull().defaultRandom(),
    /** When the first step was stored; NULL: none was, or a version before this column stored it. */
    firstStepAt: moment('first_step_at'),
    /** When each step before the last was first stored: a column for each step of `registration/steps.ts`. */
    nameAt: moment('name_at'),
    birthdayAt: moment('birthday_at'),
    /**
     * A hash of the invitation and the network that verified it, the same for one network on one invitation; NULL: opened by a version before
     * this column. Gone with the session.
     */
    networkKey: text('network_key'),
  },
  (table) => [
    // Seats that are held, and the sign-ups of a network at verify.
    index('RegisterSession_invitationId_expires_at_idx').on(table.invitationId, table.expiresAt),
    // Sweeping. The operators' list and the funnel read all sessions: there are little more than those under way.
    index('RegisterSession_expires_at_idx').on(table.expiresAt),
  ],
);

export const users = pgTable(
  'User',
  {
    id: serial('id').primaryKey(),
    name: text('name').notNull(),
    /** A bcrypt hash. */
    password: text('password').notNull(),
    birthday: text('birthday').notNull(),
    /** As the person typed it, trimmed. */
    phone: text('phone').notNull(),
    invitationId: integer('invitationId').notNull(),
    /** NULL: the row is older than this column. */
    createdAt: moment('created_at').defaultNow(),
    /** E.164; filled only where one account per phone is on, for accounts from before by `registration/count-phones.ts`. */
    phoneKey: text('phone_key'),
  },
  (table) => [
    // One account per phone, at the last step.
    uniqueIndex('User_phone_key_key').on(table.phoneKey),
    // The people of an invitation or a campaign, newest first.
    index('User_invitationId_idx').on(table.invitationId, table.id),
    // The list of a period.
    index('User_created_at_idx').on(table.createdAt, table.id),
    // The list by a part of a name or of a number. New rows wait in a short list: merging a long one (4 MB, the default) stopped a sign-up for 1.5 s.
    index('User_search_idx')
      .using('gin', sql.raw(`(${searchPieces('name', 'phone')})`))
      .with({ gin_pending_list_limit: '256' }),
  ],
);

/** What remains of a completed session for 24 hours, so that repeating the last request gives the same answer. */
export const registrationReceipts = pgTable(
  'registration_receipts',
  {
    sessionId: text('session_id').primaryKey(),
    userId: integer('user_id').notNull(),
    completedAt: moment('completed_at').notNull().defaultNow(),
  },
  // Sweeping.
  (table) => [index('registration_receipts_completed_at_idx').on(table.completedAt)],
);

/** What remains of a session for the funnel: one row per sign-up, written when it ends. No personal data. */
export const registrationAttempts = pgTable(
  'registration_attempts',
  {
    attempt: uuid('attempt').primaryKey(),
    invitationId: integer('invitation_id').notNull(),
    verifiedAt: moment('verified_at').notNull(),
    /** As in `RegisterSession`. */
    nameAt: moment('name_at'),
    birthdayAt: moment('birthday_at'),
    endedAt: moment('ended_at').notNull(),
    /** `completed`, `abandoned` or `expired`; a sign-up that an operator ended has expired. */
    outcome: text('outcome').notNull(),
  },
  // The funnel of a short range, and sweeping.
  (table) => [index('registration_attempts_verified_at_idx').on(table.verifiedAt)],
);

/**
 * One row for each campaign that was ever named through this program. Revoking a campaign sets one moment here, however many invitations it has;
 * completing a sign-up locks the row, so that no user is made after a revocation was acknowledged.
 */
export const campaigns = pgTable('campaigns', {
  name: text('name').primaryKey(),
  createdAt: moment('created_at').notNull().defaultNow(),
  revokedAt: moment('revoked_at'),
});

export const operatorKeys = pgTable(
  'operator_keys',
  {
    id: serial('id').primaryKey(),
    label: text('label').notNull(),
    role: text('role').notNull(),
    /** SHA-256 of the key, in hexadecimal digits; the key itself is shown once and kept nowhere. */
    keyHash: text('key_hash').notNull(),
    /** How the key begins, so that people can tell theirs. */
    hint: text('hint').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
    createdBy: text('created_by').notNull(),
    /** To within a minute. */
    lastUsedAt: moment('last_used_at'),
    expiresAt: moment('expires_at'),
    revokedAt: moment('revoked_at'),
  },
  (table) => [
    // Recognising an operator.
    uniqueIndex('operator_keys_key_hash_key').on(table.keyHash),
    check('operator_keys_role_check', sql`${table.role} IN ('viewer', 'issuer', 'admin')`),
  ],
);

/** What operators did. The program only adds rows, reads them, and deletes them after `AUDIT_RETENTION`; no codes, no secrets, and no personal data of invitees. */
export const auditLog = pgTable(
  'audit_log',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    at: moment('at').notNull().defaultNow(),
    /** NULL: an operator at the machine itself, who needs no key. */
    keyId: integer('key_id'),
    /** The label of the key, as it was then. */
    operator: text('operator').notNull(),
    /** Such as `invitation.revoke`. */
    action: text('action').notNull(),
    /** Such as `invitation`, and which: an id, or the name of a campaign. */
    subject: text('subject').notNull(),
    subjectId: text('subject_id'),
    before: jsonb('before'),
    after: jsonb('after'),
    requestId: text('request_id'),
    /** The address that the request came from. */
    origin: text('origin'),
  },
  (table) => [
    // Sweeping, and the log of a period, of a subject, of a key.
    index('audit_log_at_idx').on(table.at, table.id),
    index('audit_log_subject_idx').on(table.subject, table.subjectId, table.id),
    index('audit_log_key_id_idx').on(table.keyId, table.id),
  ],
);

/** Answers kept for 24 hours, so that a repeated request with the same `Idempotency-Key` gives the same one. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    /** The key's id; 0: an operator at the machine itself. */
    operatorId: integer('operator_id').notNull(),
    key: text('key').notNull(),
    /** SHA-256 of what was asked: method, path and body. */
    requestHash: text('request_hash').notNull(),
    answer: jsonb('answer'),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  // Sweeping.
  (table) => [primaryKey({ columns: [table.operatorId, table.key] }), index('idempotency_keys_created_at_idx').on(table.createdAt)],
);

/**
 * How much each key has done in its window: for limits that hold over all processes. The table is UNLOGGED (by hand in its migration), so that
 * counting waits for no disk; after a crash of the server it is empty, and everybody may begin again.
 */
export const rateLimits = pgTable(
  'rate_limits',
  {
    /** The name of the limit and an HMAC of the address or the session. */
    key: text('key').primaryKey(),
    points: integer('points').notNull(),
    expiresAt: moment('expires_at').notNull(),
  },
  // Sweeping.
  (table) => [index('rate_limits_expires_at_idx').on(table.expiresAt)],
);
