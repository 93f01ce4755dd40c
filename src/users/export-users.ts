import type { Actor } from '../audit.ts';
import { type Queryable, until } from '../database/database.ts';
import { startDeadline } from '../deadline.ts';
import { longWorkWait } from '../overload/long-work.ts';
import { countAll, readAll } from '../paging/keyset-page.ts';
import { exportLimit } from '../time-limits.ts';
import type { UserServices } from './dependencies.ts';
import { auditedFilter, type UsersAsked, userFilter } from './user-filter.ts';
import { type UserRow, users, usersInOrder } from './user-store.ts';

export interface UserExported extends UserRow {
  readonly invitation_code: string | null;
  readonly campaign: string | null;
}

const batch = 1_000;

/**
 * Everything about users but the hashes of their passwords, the newest first. The audit log has it, with how many there are, before the first
 * of them leaves: a client that breaks off leaves its entry too.
 * @param format only for the audit log.
 * @param signal ends the counting.
 * @returns batches, read as they are asked for.
 * @throws Problem `validation_failed`, `count_busy`.
 */
export async function exportUsers(
  services: UserServices,
  actor: Actor,
  asked: UsersAsked,
  format: string,
  signal: AbortSignal,
): Promise<AsyncGenerator<readonly UserExported[], void>> {
  const { database, audit, longWork } = services;
  const filter = userFilter(asked, true, services);
  const count = async (transaction: Queryable) => {
    const after = { ...auditedFilter(asked), format, count: await countAll(transaction, users, filter) };
    await audit(transaction, actor, { action: 'user.export', subject: 'user', after });
  };
  {
    using _turn = await longWork.take(longWorkWait(signal));
    await database.transaction(count, startDeadline(exportLimit, signal));
  }

  return (async function* () {
    const batches = readAll(users, filter, usersInOrder, batch, (read) => database.transaction(read, startDeadline(exportLimit)));
    for await (const rows of batches) yield await withInvitations(services, rows);
  })();
}

async function withInvitations({ database, invitationsNamed }: UserServices, rows: readonly UserRow[]): Promise<UserExported[]> {
  const named = await invitationsNamed(until(startDeadline(exportLimit), database), [...new Set(rows.map((row) => row.invitation_id))]);
  return rows.map((row) => {
    const invitation = named.get(row.invitation_id);
    return { ...row, invitation_code: invitation?.code ?? null, campaign: invitation?.campaign ?? null };
  });
}
