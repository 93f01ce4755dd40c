import type { Queryable } from '../database/database.ts';
import type { Page } from '../paging/cursor.ts';
import { type List, newestFirst, readPage } from '../paging/keyset-page.ts';

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

/** The filters of the list, by the names of `auditQuery`. */
export interface AuditFilter {
  readonly subject?: string | undefined;
  readonly subject_id?: string | undefined;
  readonly action?: string | undefined;
  /** 0: the machine itself, without a key. */
  readonly key_id?: number | undefined;
  /** The first moment. */
  readonly from?: Date | undefined;
  /** The moment after the last. */
  readonly to?: Date | undefined;
}

/** Ids follow the moments but for transactions that ran at the same time. */
const auditLog: List<AuditRow, AuditFilter> = {
  name: 'operators_audit',
  columns: 'id, at, key_id, operator, action, subject, subject_id, before, after, request_id, origin',
  from: 'audit_log',
  predicates: {
    subject: (subject, bind) => `subject = ${bind(subject, 'text')}`,
    subject_id: (id, bind) => `subject_id = ${bind(id, 'text')}`,
    action: (action, bind) => `action = ${bind(action, 'text')}`,
    key_id: (id, bind) => (id === 0 ? 'key_id IS NULL' : `key_id = ${bind(id, 'integer')}`),
    from: (from, bind) => `at >= ${bind(from.toISOString(), 'timestamptz')}`,
    to: (to, bind) => `at < ${bind(to.toISOString(), 'timestamptz')}`,
  },
};

/**
 * The newest entries first.
 * @throws Problem `validation_failed` on filters that take too long.
 */
export function readAudit(
  database: Queryable,
  filter: AuditFilter,
  page: { readonly after: readonly [id: number] | undefined; readonly limit: number },
): Promise<Page<AuditRow>> {
  return readPage(database, auditLog, filter, newestFirst('id'), page);
}
