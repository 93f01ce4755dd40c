import type { SweptRows } from '../sweeping/sweep.ts';
import { countOldAnswers, countOldAuditEntries, sweepAnswers, sweepAuditLog } from './sweep-store.ts';

/**
 * Sweeps what operators leave behind: stored answers after 24 hours, and old entries of the audit log.
 * @param auditSeconds retention of the audit log.
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
