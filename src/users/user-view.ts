import { until } from '../database/database.ts';
import type { Deadline } from '../deadline.ts';
import { shownMoment } from '../rules/format-timestamp.ts';
import { maskPhone } from '../rules/phone.ts';
import type { InvitationNamed, UserServices } from './dependencies.ts';
import type { UserRow } from './user-store.ts';

/** The answer `User` of `schema.ts`; `UserInFull` has the birthday as well. */
export interface ShownUser {
  readonly id: number;
  readonly name: string;
  readonly phone: string;
  readonly created_at: string | null;
  /** NULL: the invitation no longer exists. */
  readonly invitation: InvitationNamed | null;
}

/** @param inFull false: phone numbers are masked. */
export async function showUsers(
  services: UserServices,
  rows: readonly UserRow[],
  inFull: boolean,
  deadline: Deadline,
): Promise<ShownUser[]> {
  const named = await services.invitationsNamed(until(deadline, services.database), [...new Set(rows.map((row) => row.invitation_id))]);
  return rows.map(({ id, name, phone, created_at, invitation_id }) => ({
    id,
    name,
    phone: inFull ? phone : maskPhone(phone, services.phoneRegion),
    created_at: shownMoment(created_at),
    invitation: named.get(invitation_id) ?? null,
  }));
}
