import type { RecordAudit } from '../audit.ts';
import type { Database } from '../database/database.ts';

/** What the use cases of this slice work with. */
export interface OperatorServices {
  readonly database: Database;
  readonly audit: RecordAudit;
  /** Of the key that this process made for people at the machine itself; the key lives as long as the process. */
  readonly localKeyHash: string;
}
