import type { Queryable } from './database/database.ts';

/** Whoever acts: proven by an operator key, or by being at the machine itself. */
export interface Actor {
  /** NULL: at the machine itself. */
  readonly keyId: number | null;
  /** The label of the key, or `local`. */
  readonly label: string;
  readonly requestId: string | null;
  /** The address that the request came from; NULL: this machine's command line. */
  readonly origin: string | null;
}

/** One thing that an operator did, or looked at where it is personal data. */
export interface AuditEntry {
  /** Such as `invitation.revoke`; a test compares the list with docs/operating.md. */
  readonly action: string;
  /** What kind of thing it was done to. */
  readonly subject: 'invitation' | 'campaign' | 'user' | 'operator_key' | 'sign_up';
  /** Which one: an id, the name of a campaign, or the attempt of a sign-up; left out where it was several. */
  readonly subjectId?: string | number;
  /** The members that changed, as they were and as they are. Never a code, a secret, or personal data: say `set` instead of a note or a phone number. */
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
}

/**
 * Adds an entry to the audit log. Slices are given this function, so that they need not know the log.
 * @param transaction the one that makes the change, so that neither is there without the other.
 */
export type RecordAudit = (transaction: Queryable, actor: Actor, entry: AuditEntry) => Promise<void>;
