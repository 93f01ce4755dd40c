import { type Queryable, statement } from '../database/database.ts';
import { type DownwardPage, type IdRange, readDownwards } from '../read-downwards.ts';

export interface AuditRow {
  readonly id: number;
  readonly at: Date;
  readonly key_id: number | null;
  readonly operator: string;
  readonly action: string;
  readonly subject: string;
  readonly subject_id: string | null;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  readonly request_id: string | null;
  readonly origin: string | null;
}

/** What is asked for; whatever is left out is not asked about. */
export interface AuditFilter {
  readonly subject?: string | undefined;
  readonly subject_id?: string | undefined;
  readonly action?: string | undefined;
  /** 0: somebody at the machine itself. */
  readonly key_id?: number | undefined;
  /** The first moment. */
  readonly from?: Date | undefined;
  /** The moment after the last. */
  readonly to?: Date | undefined;
}

type Bounds = { readonly first: number | null; readonly last: number | null };

const allStatement = statement<Bounds>('operators_audit_ids', 'SELECT min(id) AS first, max(id) AS last FROM audit_log');
const betweenStatement = statement<Bounds>(
  'operators_audit_ids_between',
  'SELECT min(id) AS first, max(id) AS last FROM audit_log WHERE at >= $1::timestamptz AND at < $2::timestamptz',
);

/** Which ids can match: their order is that of the moments but for transactions that ran at the same time. */
async function idsOf(database: Queryable, { from, to }: AuditFilter): Promise<IdRange | undefined> {
  const isBound = from !== undefined || to !== undefined;
  const [row] = isBound
    ? await database.run(betweenStatement, [from?.toISOString() ?? '-infinity', to?.toISOString() ?? 'infinity'])
    : await database.run(allStatement);
  return row?.first == null || row.last == null ? undefined : { first: row.first, last: row.last };
}

const lookStatement = statement<AuditRow>(
  'operators_read_audit',
  `SELECT id, at, key_id, operator, action, subject, subject_id, before, after, request_id, origin FROM audit_log
   WHERE id >= $1 AND id < $2
     AND ($4::text IS NULL OR subject = $4) AND ($5::text IS NULL OR subject_id = $5) AND ($6::text IS NULL OR action = $6)
     AND ($7::integer IS NULL OR coalesce(key_id, 0) = $7)
     AND ($8::timestamptz IS NULL OR at >= $8) AND ($9::timestamptz IS NULL OR at < $9)
   ORDER BY id DESC LIMIT $3`,
);

/** The newest entries first. @param before the id that the page before ended with. */
export async function readAudit(
  database: Queryable,
  filter: AuditFilter,
  before: number | undefined,
  limit: number,
): Promise<DownwardPage<AuditRow>> {
  const { subject, subject_id, action, key_id, from, to } = filter;
  const asked = [subject, subject_id, action, key_id, from?.toISOString(), to?.toISOString()].map((value) => value ?? null);
  return readDownwards(await idsOf(database, filter), before, limit, (lowest, below, most) =>
    database.run(lookStatement, [lowest, below, most, ...asked]),
  );
}
