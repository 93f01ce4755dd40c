import type { SweptRows } from '../sweeping/sweep.ts';
import { countOldAnswers, countOldAuditEntries, sweepAnswers, sweepAuditLog } from './sweep-store.ts';

/**
 * What operators leave behind and is not kept for ever: answers after their 24 hours, and entries of the audit log.
 * @param auditSeconds how long the entries of the audit log are kept.
 */
export function sweptOperatorRows(auditSeconds: number): readonly SweptRows[] {
  return [
    { name: 'idempotency_keys', deleteBatch: sweepAnswers, countDue: countOldAnswers },
    {
      name: 'audit_log',
      deleteBatch: (database, batch, from) => sweepAuditLog(database, batch, from, auditSeconds),
      countDue: (database) => countOldAuditEntries(database, auditSeconds),
    },
  ];
}
