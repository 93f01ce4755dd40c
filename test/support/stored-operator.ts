import { generateOperatorKey } from '../../src/operators/operator-key.ts';
import type { Role } from '../../src/operators/roles.ts';
import type { EmptyDatabase } from './empty-database.ts';

/**
 * Makes an operator key behind the scenes, for a server that runs already or is going to.
 * @returns the field to send.
 */
export async function storeOperator(query: EmptyDatabase['query'], role: Role = 'admin'): Promise<{ readonly authorization: string }> {
  const { key, hash, hint } = generateOperatorKey();
  const columns = '(label, role, key_hash, hint, created_by)';
  await query(`INSERT INTO operator_keys ${columns} VALUES ('a test', $1, $2, $3, 'a test')`, [role, hash, hint]);
  return { authorization: `Bearer ${key}` };
}
