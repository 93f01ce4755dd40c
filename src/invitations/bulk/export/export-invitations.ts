import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Actor } from '../../../audit.ts';
import type { Database, Queryable } from '../../../database/database.ts';
import { startDeadline } from '../../../deadline.ts';
import { longWorkWait } from '../../../long-work.ts';
import { exportCountLimit } from '../../../time-limits.ts';
import type { InvitationServices } from '../../dependencies.ts';
import type { InvitationRow } from '../../invitation-row.ts';
import { auditedFilters, type ListFilters } from '../../listing/list-filters.ts';
import { sourcesOf, thoroughLook } from '../../listing/list-invitations.ts';
import { countMatching, readWindow } from '../../listing/list-store.ts';
import type { Position } from '../../listing/positions.ts';
import { allSource, type Source } from '../../listing/sources.ts';

/**
 * Exports every matching invitation. The audit entry, with the count, is written before the first row is sent, so an aborted download
 * is recorded too.
 * @param format only for the audit log.
 * @param signal cancels the counting.
 * @throws Problem `count_busy`.
 * @returns batches in the order of the list, read on demand.
 */
export async function exportInvitations(
  { database, audit, longWork }: InvitationServices,
  actor: Actor,
  filters: ListFilters,
  format: string,
  signal: AbortSignal,
): Promise<AsyncGenerator<readonly InvitationRow[], void>> {
  const count = async (transaction: Queryable) => {
    const after = { ...auditedFilters(filters), format, count: await countMatching(transaction, filters) };
    await audit(transaction, actor, { action: 'invitation.export', subject: 'invitation', after });
  };
  {
    using _turn = await longWork.take(longWorkWait(signal));
    await database.transaction(count, startDeadline(exportCountLimit, signal));
  }
  return matching(database, filters, await sourceOf(database, filters));
}

/** The text indexes stop at a thousand matches, but an export needs all of them, so it scans the table. */
async function sourceOf(database: Database, filters: ListFilters): Promise<Source> {
  if (filters.text) return allSource(thoroughLook);
  const [source = allSource] = await sourcesOf(database, filters, 512);
  return source(thoroughLook);
}

async function* matching(database: Database, filters: ListFilters, source: Source): AsyncGenerator<readonly InvitationRow[], void> {
  let after: Position | undefined;
  for (;;) {
    const seen = await readWindow(database, source, filters, after, source.windowRows + 1);
    yield seen.filter((row) => row.matches);
    const last = seen.at(-1);
    if (last?.place !== source.windowRows) return;
    after = { order: source.order, id: last.seen_id, moment: last.seen_moment ?? undefined };
    // The embedded database does not yield the thread by itself.
    await nextTurn();
  }
}
