import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Actor } from '../audit.ts';
import type { Queryable } from '../database/database.ts';
import { startDeadline } from '../deadline.ts';
import { longWorkWait } from '../long-work.ts';
import { exportCountLimit } from '../time-limits.ts';
import type { UserServices } from './dependencies.ts';
import { auditedFilter, type UsersAsked, userFilter } from './user-filter.ts';
import { countAllUsers, idsOfUsers, readUsers, type UserRow } from './user-store.ts';

export interface UserExported extends UserRow {
  readonly invitation_code: string | null;
  readonly campaign: string | null;
}

const batch = 1_000;

/**
 * Exports all users without their password hashes, newest first. The audit entry, with the count, is written before the first row is sent, so an
 * aborted download is recorded too.
 * @param format only for the audit log.
 * @param signal cancels the counting.
 * @returns batches, read on demand.
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
  const filter = userFilter(asked, true, services.phoneRegion);
  const range = await idsOfUsers(database, filter);
  const count = async (transaction: Queryable) => {
    const after = { ...auditedFilter(asked), format, count: await countAllUsers(transaction, filter, range) };
    await audit(transaction, actor, { action: 'user.export', subject: 'user', after });
  };
  {
    using _turn = await longWork.take(longWorkWait(signal));
    await database.transaction(count, startDeadline(exportCountLimit, signal));
  }

  return (async function* () {
    for (let before: number | null = range ? range.last + 1 : null; before !== null; ) {
      const page: Awaited<ReturnType<typeof readUsers>> = await readUsers(database, filter, range, before, batch);
      yield await withInvitations(services, page.rows);
      before = page.before;
      // The embedded database does not yield the thread by itself.
      await nextTurn();
    }
  })();
}

async function withInvitations({ database, invitationsNamed }: UserServices, rows: readonly UserRow[]): Promise<UserExported[]> {
  const named = await invitationsNamed(database, [...new Set(rows.map((row) => row.invitation_id))]);
  return rows.map((row) => {
    const invitation = named.get(row.invitation_id);
    return { ...row, invitation_code: invitation?.code ?? null, campaign: invitation?.campaign ?? null };
  });
}
