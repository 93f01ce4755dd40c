import type { CountryCode } from 'libphonenumber-js';
import type { RecordAudit } from '../audit.ts';
import type { Database, Queryable } from '../database/database.ts';
import type { OncePerKey } from '../repeatable.ts';
import type { Semaphore } from '../semaphore.ts';
import type { UploadPlaces } from './bulk/import/upload-places.ts';

/** Somebody who came in by an invitation. */
export interface PersonInvited {
  readonly user_id: number;
  readonly name: string;
  readonly created_at: Date | null;
}

/** What the use cases of this slice work with. */
export interface InvitationServices {
  readonly database: Database;
  readonly audit: RecordAudit;
  /** Places for statements that may take seconds: `longWorkWait`. */
  readonly longWork: Semaphore;
  readonly once: OncePerKey;
  /** Files that are being imported. */
  readonly uploads: UploadPlaces;
  /** Where links begin, without a slash at the end; undefined: no links. */
  readonly publicUrl: string | undefined;
  /** The region whose phone numbers may be written without a country code. */
  readonly phoneRegion: CountryCode;
  /** The newest users of each of some invitations, at most `limit` of each: this slice does not know the users' table. */
  readonly peopleOf: (
    database: Queryable,
    invitationIds: readonly number[],
    limit: number,
  ) => Promise<ReadonlyMap<number, readonly PersonInvited[]>>;
}
