import type { RecordAudit } from '../audit.ts';
import type { Database, Queryable } from '../database/database.ts';

/** The invitation by which somebody came in. */
export interface InvitationNamed {
  readonly id: number;
  readonly code: string;
  readonly campaign: string | null;
}

/** What the use cases of this slice work with. */
export interface UserServices {
  readonly database: Database;
  readonly audit: RecordAudit;
  /** Names invitations by their ids: this slice does not know their table. */
  readonly invitationsNamed: (database: Queryable, ids: readonly number[]) => Promise<ReadonlyMap<number, InvitationNamed>>;
}
