import type { CountryCode } from 'libphonenumber-js';
import type { RecordAudit } from '../audit.ts';
import type { Database, Queryable } from '../database/database.ts';
import type { Semaphore } from '../overload/semaphore.ts';

/** The invitation that a user signed up with. */
export interface InvitationNamed {
  readonly id: number;
  readonly code: string;
  readonly campaign: string | null;
}

/** A person whose account is being deleted. */
interface PersonForgotten {
  readonly userId: number;
  readonly invitationId: number;
  /** E.164. Undefined: what they typed is not a phone number. */
  readonly phone: string | undefined;
}

/**
 * Deletes a slice's data about a person.
 * @returns what the audit log may record about it: nothing personal.
 */
type ForgetPerson = (transaction: Queryable, person: PersonForgotten) => Promise<Readonly<Record<string, unknown>>>;

/** What the use cases of this slice depend on. */
export interface UserServices {
  readonly database: Database;
  readonly audit: RecordAudit;
  /** Slots for statements that may take seconds; see `longWorkWait`. */
  readonly longWork: Semaphore;
  /** The region whose phone numbers need no country code. */
  readonly phoneRegion: CountryCode;
  /** The zone of times that are written without an offset; an IANA name. */
  readonly timeZone: string;
  /** Looks up invitations by id. A function, as this slice does not know their table. */
  readonly invitationsNamed: (database: Queryable, ids: readonly number[]) => Promise<ReadonlyMap<number, InvitationNamed>>;
  /** One per slice that stores personal data outside the users' table. */
  readonly forgetPerson: readonly ForgetPerson[];
}
