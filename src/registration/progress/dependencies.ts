import type { RecordAudit } from '../../audit.ts';
import type { Database } from '../../database/database.ts';
import type { Semaphore } from '../../semaphore.ts';

/** What the routes of this part work with. */
export interface ProgressServices {
  readonly database: Database;
  /** Places for statements that may take seconds: `longWorkWait`. */
  readonly longWork: Semaphore;
  readonly audit: RecordAudit;
  /** IANA name of the zone whose days the funnel counts by. */
  readonly timeZone: string;
}
