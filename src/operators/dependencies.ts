import type { RecordAudit } from '../audit.ts';
import type { Database } from '../database/database.ts';

/** What the use cases of this slice depend on. */
export interface OperatorServices {
  readonly database: Database;
  readonly audit: RecordAudit;
  /** The zone of times that are written without an offset; an IANA name. */
  readonly timeZone: string;
  /** Hash of the key that this process made for people on the machine itself; it lives as long as the process. */
  readonly localKeyHash: string;
}
