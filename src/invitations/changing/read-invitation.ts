import type { Actor } from '../../audit.ts';
import { type Queryable, until } from '../../database/database.ts';
import type { Deadline } from '../../deadline.ts';
import { Problem } from '../../problems.ts';
import type { InvitationServices } from '../dependencies.ts';
import type { InvitationRow } from '../invitation-row.ts';
import { invitationProblems } from '../problems.ts';
import { readInvitation } from './store.ts';

/**
 * Reads one invitation. Showing a phone number in full writes an audit entry.
 * @param inFull false: the phone number will be masked.
 * @throws Problem `invitation_unknown`.
 */
export async function readInvitationAs(
  services: InvitationServices,
  actor: Actor,
  inFull: boolean,
  id: number,
  deadline: Deadline,
): Promise<InvitationRow> {
  const database = until(deadline, services.database);
  const row = await readInvitation(database, id);
  if (!row) throw new Problem(invitationProblems.invitation_unknown);
  if (inFull) await recordRead(services, database, actor, row);
  return row;
}

/** Also after a change without effect: its answer shows the invitation all the same. */
export async function recordRead(
  { audit }: Pick<InvitationServices, 'audit'>,
  database: Queryable,
  actor: Actor,
  { id, phone }: InvitationRow,
): Promise<void> {
  if (phone !== null) await audit(database, actor, { action: 'invitation.read', subject: 'invitation', subjectId: id });
}
