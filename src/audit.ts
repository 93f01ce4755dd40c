import type { Queryable } from './database/database.ts';

/** Who acts: an operator identified by a key, or a person on the machine itself. */
export interface Actor {
  /** NULL: on the machine itself. */
  readonly keyId: number | null;
  /** The label of the key, or `local`. */
  readonly label: string;
  readonly requestId: string | null;
  /** The address of the request; NULL: this machine's command line. */
  readonly origin: string | null;
}

/** One thing that an operator did, or personal data they looked at. */
export interface AuditEntry {
  /** Such as `invitation.revoke`; a test compares the list with docs/guides/operating.md. */
  readonly action: string;
  /** The kind of thing that was changed or read. */
  readonly subject: 'invitation' | 'campaign' | 'user' | 'operator_key' | 'sign_up';
  /** Its id, the name of a campaign, or the attempt of a sign-up; missing if there were several. */
  readonly subjectId?: string | number;
  /** The changed members, before and after. Never a code, a secret, or personal data: say `set` instead of a note or a phone number. */
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
}

/**
 * Appends to the audit log. Slices are given this function, so that they need not know the log.
 * @param transaction the one that makes the change, so that both are committed or neither.
 */
export type RecordAudit = (transaction: Queryable, actor: Actor, entry: AuditEntry) => Promise<void>;
