import type { Actor } from '../../../audit.ts';
import type { Queryable } from '../../../database/database.ts';
import { startDeadline } from '../../../deadline.ts';
import { longWorkWait } from '../../../overload/long-work.ts';
import { countAll, readAll } from '../../../paging/keyset-page.ts';
import { exportLimit } from '../../../time-limits.ts';
import type { InvitationServices } from '../../dependencies.ts';
import type { InvitationRow } from '../../invitation-row.ts';
import { invitations, orderOf } from '../../listing/invitation-list.ts';
import { auditedFilters, type ListFilters } from '../../listing/list-filters.ts';
import { searchText } from '../../listing/text-search.ts';

const batch = 500;

/**
 * Every invitation that matches. The audit log has it, with how many there are, before the first of them leaves: a client that breaks off leaves
 * its entry too.
 * @param format only for the audit log.
 * @param signal ends the counting.
 * @returns batches in the order of the list, read as they are asked for.
 * @throws Problem `count_busy`.
 */
export async function exportInvitations(
  { database, audit, longWork }: InvitationServices,
  actor: Actor,
  filters: ListFilters,
  format: string,
  signal: AbortSignal,
): Promise<AsyncGenerator<readonly InvitationRow[], void>> {
  const search = async (transaction: Queryable) => {
    const searched = await searchText(transaction, filters);
    const after = { ...auditedFilters(filters), format, count: await countAll(transaction, invitations, searched) };
    await audit(transaction, actor, { action: 'invitation.export', subject: 'invitation', after });
    return searched;
  };
  let searched: ListFilters;
  {
    using _turn = await longWork.take(longWorkWait(signal));
    searched = await database.transaction(search, startDeadline(exportLimit, signal));
  }
  return readAll(invitations, searched, orderOf(filters), batch, (read) => database.transaction(read, startDeadline(exportLimit)));
}
