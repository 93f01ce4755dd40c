import type { RecordAudit } from '../../audit.ts';
import type { Database } from '../../database/database.ts';
import type { Semaphore } from '../../overload/semaphore.ts';

/** What the routes of this folder depend on. */
export interface ProgressServices {
  readonly database: Database;
  /** Slots for statements that may take seconds; see `longWorkWait`. */
  readonly longWork: Semaphore;
  readonly audit: RecordAudit;
  /** IANA name of the zone whose days the funnel counts. */
  readonly timeZone: string;
}
