import type { SweptRows } from '../sweeping/sweep.ts';
import { countExpiredSessions, countOldEvents, countOldReceipts, sweepEvents, sweepReceipts, sweepSessions } from './sweep-store.ts';

/**
 * Sweeps what sign-ups leave behind: expired sessions with their personal data first, then receipts after 24 hours, then events of
 * the funnel. Correctness does not depend on it: an expired session is refused at once.
 * @param eventSeconds retention of the events.
 */
export function sweptRegistrationRows(eventSeconds: number): readonly SweptRows[] {
  return [
    { name: 'sessions', deleteBatch: sweepSessions, countDue: countExpiredSessions },
    { name: 'receipts', deleteBatch: sweepReceipts, countDue: countOldReceipts },
    {
      name: 'events',
      deleteBatch: (database, batch, from) => sweepEvents(database, batch, from, eventSeconds),
      countDue: (database) => countOldEvents(database, eventSeconds),
    },
  ];
}
