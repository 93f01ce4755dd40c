import type { Database } from '../../database/database.ts';

/** What the routes of this part work with. */
export interface ProgressServices {
  readonly database: Database;
  /** IANA name of the zone whose days the funnel counts by. */
  readonly timeZone: string;
}
