import type { CountryCode } from 'libphonenumber-js';
import type { RecordAudit } from '../audit.ts';
import type { Database, Queryable } from '../database/database.ts';
import type { Semaphore } from '../semaphore.ts';

/** The invitation by which somebody came in. */
export interface InvitationNamed {
  readonly id: number;
  readonly code: string;
  readonly campaign: string | null;
}

/** Somebody whose account is being deleted. */
interface PersonForgotten {
  readonly userId: number;
  readonly invitationId: number;
  /** E.164; undefined: what they typed is no number. */
  readonly phone: string | undefined;
}

/**
 * Takes what a slice keeps of somebody out of its tables.
 * @returns what the audit log may say of it: nothing personal.
 */
type ForgetPerson = (transaction: Queryable, person: PersonForgotten) => Promise<Readonly<Record<string, unknown>>>;

/** What the use cases of this slice work with. */
export interface UserServices {
  readonly database: Database;
  readonly audit: RecordAudit;
  /** Places for statements that may take seconds: `longWorkWait`. */
  readonly longWork: Semaphore;
  /** The region whose phone numbers may be written without a country code. */
  readonly phoneRegion: CountryCode;
  /** Names invitations by their ids: this slice does not know their table. */
  readonly invitationsNamed: (database: Queryable, ids: readonly number[]) => Promise<ReadonlyMap<number, InvitationNamed>>;
  /** One for each slice that keeps something of a person beside the user. */
  readonly forgetPerson: readonly ForgetPerson[];
}
