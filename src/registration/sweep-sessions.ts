import type { SweptRows } from '../sweeping/sweep.ts';
import { countExpiredSessions, countOldEvents, countOldReceipts, sweepEvents, sweepReceipts, sweepSessions } from './sweep-store.ts';

/**
 * What signing up leaves behind and is not kept: expired sessions with the personal data in them first of all, receipts after their 24 hours, and
 * events of the funnel. Nothing depends on it but tidiness: an expired session is refused the moment it expires.
 * @param eventSeconds how long the events are kept.
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
