import type { Actor } from '../audit.ts';
import { Problem } from '../errors.ts';
import type { OperatorServices } from './dependencies.ts';
import { operatorProblems } from './errors.ts';
import { type KeyRow, readKey, revokeKey } from './key-store.ts';

/**
 * Takes a key away: its next request is refused. An admin may revoke any key, their own and the last one too, since whoever is at the machine
 * can make another. Repeating changes nothing.
 * @throws Problem `operator_key_unknown`.
 */
export async function revokeOperatorKey({ database, audit }: OperatorServices, actor: Actor, id: number): Promise<KeyRow> {
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
  });
}
