import type { Actor } from '../audit.ts';
import { until } from '../database/database.ts';
import type { Deadline } from '../deadline.ts';
import { createOperatorKey } from './create-key.ts';
import type { OperatorServices } from './dependencies.ts';
import { keysThereAre } from './key-store.ts';

/** A person on the machine itself. */
const here: Actor = { keyId: null, label: 'local', requestId: null, origin: null };

/**
 * Creates the first key of an embedded database, whose owner has no admin to ask. If the start is killed before the key is shown, the key is
 * lost; `chodae key create` makes another.
 * @returns the key; undefined if there ever was one.
 */
export async function makeFirstKey(services: OperatorServices, deadline: Deadline): Promise<string | undefined> {
  if ((await keysThereAre(until(deadline, services.database))).ever) return undefined;
  const created = await createOperatorKey(
    services,
    { actor: here, key: undefined, asked: null },
    { label: 'first', role: 'admin' },
    deadline,
  );
  return created.key;
}

/** @returns whether any operator key could be used over HTTP. */
export async function isAnyKeyUsable({ database }: OperatorServices, deadline: Deadline): Promise<boolean> {
  return (await keysThereAre(until(deadline, database))).usable;
}
