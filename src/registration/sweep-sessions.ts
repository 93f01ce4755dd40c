import type { SweptRows } from '../sweeping/sweep.ts';
import {
  countEvents,
  countExpiredSessions,
  countOldAttempts,
  countOldReceipts,
  moveEvents,
  sweepAttempts,
  sweepReceipts,
  sweepSessions,
} from './sweep-store.ts';

/**
 * Sweeps what sign-ups leave behind: expired sessions with their personal data first, then receipts after 24 hours, then what the funnel
 * counts. Correctness does not depend on it: an expired session is refused at once.
 * @param attemptSeconds retention of the attempts.
 */
export function sweptRegistrationRows(attemptSeconds: number): readonly SweptRows[] {
  return [
    { name: 'sessions', deleteBatch: sweepSessions, countDue: countExpiredSessions },
    { name: 'receipts', deleteBatch: sweepReceipts, countDue: countOldReceipts },
    { name: 'moved_events', deleteBatch: moveEvents, countDue: countEvents },
    {
      name: 'attempts',
      deleteBatch: (database, batch, from) => sweepAttempts(database, batch, from, attemptSeconds),
      countDue: (database) => countOldAttempts(database, attemptSeconds),
    },
  ];
}
