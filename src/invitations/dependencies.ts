import type { CountryCode } from 'libphonenumber-js';
import type { RecordAudit } from '../audit.ts';
import type { Database, Queryable } from '../database/database.ts';
import type { OncePerKey } from '../idempotency.ts';
import type { Semaphore } from '../overload/semaphore.ts';
import type { UploadPlaces } from './bulk/import/upload-places.ts';

/** A user who signed up with an invitation. */
export interface PersonInvited {
  readonly user_id: number;
  readonly name: string;
  readonly created_at: Date | null;
}

/** What the use cases of this slice depend on. */
export interface InvitationServices {
  readonly database: Database;
  readonly audit: RecordAudit;
  /** Slots for statements that may take seconds; see `longWorkWait`. */
  readonly longWork: Semaphore;
  readonly once: OncePerKey;
  /** Imports in progress. */
  readonly uploads: UploadPlaces;
  /** The base of links, without a trailing slash. Undefined: no links. */
  readonly publicUrl: string | undefined;
  /** The region whose phone numbers need no country code. */
  readonly phoneRegion: CountryCode;
  /** The zone of times that are written without an offset; an IANA name. */
  readonly timeZone: string;
  /** The newest users of the given invitations, at most `limit` for each. A function, as this slice does not know the users' table. */
  readonly peopleOf: (
    database: Queryable,
    invitationIds: readonly number[],
    limit: number,
  ) => Promise<ReadonlyMap<number, readonly PersonInvited[]>>;
}
