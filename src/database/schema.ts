import { sql } from 'drizzle-orm';
import { boolean, check, index, integer, pgTable, primaryKey, serial, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core';

/**
 * The tables. Names in mixed case and their first columns are the original's and never change; columns in snake_case are ours, and nullable or
 * defaulted, so that the original's own SQL and the original's own program still work on these tables.
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
    createdBy: text('created_by'),
  },
  (table) => [
    uniqueIndex('Invitation_code_key').on(table.code),
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
    /** Ties the events of one sign-up together without naming the session or the person. */
    attempt: uuid('attempt').notNull().defaultRandom(),
  },
  (table) => [
    index('RegisterSession_invitationId_expires_at_idx').on(table.invitationId, table.expiresAt),
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
    /** E.164; filled only where one account per phone is on. */
    phoneKey: text('phone_key'),
  },
  (table) => [uniqueIndex('User_phone_key_key').on(table.phoneKey)],
);

/** What remains of a completed session for 24 hours, so that repeating the last request gives the same answer. */
export const registrationReceipts = pgTable(
  'registration_receipts',
  {
    sessionId: text('session_id').primaryKey(),
    userId: integer('user_id').notNull(),
    completedAt: moment('completed_at').notNull().defaultNow(),
  },
  (table) => [index('registration_receipts_completed_at_idx').on(table.completedAt)],
);

/** The funnel: one row per step that a sign-up reached. */
export const registrationEvents = pgTable(
  'registration_events',
  {
    attempt: uuid('attempt').notNull(),
    /** `verified`, the name of a step, `completed`, `abandoned` or `expired`. */
    event: text('event').notNull(),
    invitationId: integer('invitation_id').notNull(),
    at: moment('at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.attempt, table.event] }), index('registration_events_at_idx').on(table.at)],
);
