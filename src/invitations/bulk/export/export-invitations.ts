import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Actor } from '../../../audit.ts';
import type { Database, Queryable } from '../../../database/database.ts';
import { longWorkWait } from '../../../long-work.ts';
import type { InvitationServices } from '../../dependencies.ts';
import type { InvitationRow } from '../../invitation-row.ts';
import { auditedFilters, type ListFilters } from '../../listing/list-filters.ts';
import { sourcesOf, thoroughLook } from '../../listing/list-invitations.ts';
import { countMatching, readWindow } from '../../listing/list-store.ts';
import type { Position } from '../../listing/positions.ts';
import { allSource, type Source } from '../../listing/sources.ts';

/** Milliseconds that counting may take, before anything is sent. */
const countingTime = 30_000;

/**
 * Every invitation that matches. The audit log has it, with how many there are, before the first of them leaves: a client that breaks off leaves
 * its entry, too.
 * @param format only for the audit log.
 * @param signal ends the counting.
 * @throws Problem `count_busy`.
 * @returns some at a time, in the order of the list, read as they are asked for.
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
    await database.transaction(count, { statementMilliseconds: countingTime, signal });
  }
  return matching(database, filters, await sourceOf(database, filters));
}

/** The indexes of texts stop after a thousand matches: an export has all of them, so it looks at every row. */
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
    // The embedded database gives the thread to nobody else by itself.
    await nextTurn();
  }
}
