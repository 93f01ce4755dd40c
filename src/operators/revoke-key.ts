import type { Actor } from '../audit.ts';
import type { Deadline } from '../deadline.ts';
import { Problem } from '../problems.ts';
import type { OperatorServices } from './dependencies.ts';
import { type KeyRow, readKey, revokeKey } from './key-store.ts';
import { operatorProblems } from './problems.ts';

/**
 * Revokes a key: its next request is refused. An admin may revoke any key, even their own or the last one, since a person on the machine
 * can create another. Repeating it changes nothing.
 * @throws Problem `operator_key_unknown`.
 */
export async function revokeOperatorKey(
  { database, audit }: OperatorServices,
  actor: Actor,
  id: number,
  deadline: Deadline,
): Promise<KeyRow> {
  return database.transaction(async (transaction) => {
    const revoked = await revokeKey(transaction, id);
    if (revoked) {
      const [before, after] = [{ revoked_at: null }, { revoked_at: revoked.revoked_at }];
      await audit(transaction, actor, { action: 'operator_key.revoke', subject: 'operator_key', subjectId: id, before, after });
      return revoked;
    }
    const key = await readKey(transaction, id);
    if (!key) throw new Problem(operatorProblems.operator_key_unknown);
    return key;
  }, deadline);
}
