import { timingSafeEqual } from 'node:crypto';
import { type Queryable, until } from '../database/database.ts';
import type { Deadline } from '../deadline.ts';
import { Problem } from '../problems.ts';
import type { OperatorServices } from './dependencies.ts';
import { hashOperatorKey, isOperatorKey } from './operator-key.ts';
import { operatorProblems } from './problems.ts';
import { type Role, suffices } from './roles.ts';
import { findUsableKey, noteKeyUse } from './store.ts';

/** Who a request comes from. */
export interface Operator {
  /** NULL: a person on the machine itself, using the key that this process made. */
  readonly keyId: number | null;
  readonly label: string;
  readonly role: Role;
}

/**
 * @param authorization the header: `Bearer <key>` (RFC 6750, 2.1).
 * @returns the key; undefined if the header has another form.
 */
export function bearerIn(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
}

/**
 * @param authorization the header.
 * @param demanded the least role that the route requires.
 * @throws Problem `operator_key_required`, `operator_key_invalid`, `role_insufficient`.
 */
export async function authenticateOperator(
  services: OperatorServices,
  authorization: string | undefined,
  demanded: Role,
  deadline: Deadline,
): Promise<Operator> {
  const key = bearerIn(authorization);
  if (key === undefined) throw new Problem(operatorProblems.operator_key_required);
  const operator = await findOperator(services, key, deadline);
  if (!operator) throw new Problem(operatorProblems.operator_key_invalid);
  if (!suffices(operator.role, demanded)) {
    throw new Problem(operatorProblems.role_insufficient, { values: { demanded, held: operator.role } });
  }
  return operator;
}

async function findOperator({ database, localKeyHash }: OperatorServices, key: string, deadline: Deadline): Promise<Operator | undefined> {
  if (!isOperatorKey(key)) return undefined;
  const hash = hashOperatorKey(key);
  if (timingSafeEqual(Buffer.from(hash), Buffer.from(localKeyHash))) return { keyId: null, label: 'local', role: 'admin' };
  const found = await findUsableKey(until(deadline, database), hash);
  if (!found) return undefined;
  if (found.stale) await noteUse(until(deadline, database), found.id);
  return { keyId: found.id, label: found.label, role: found.role };
}

/** A database role that may only read, or a standby, must not keep operators from looking. */
async function noteUse(database: Queryable, id: number): Promise<void> {
  await noteKeyUse(database, id).catch(() => undefined);
}
