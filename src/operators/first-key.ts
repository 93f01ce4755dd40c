import type { Actor } from '../audit.ts';
import { createOperatorKey } from './create-key.ts';
import type { OperatorServices } from './dependencies.ts';
import { keysThereAre } from './key-store.ts';

/** Whoever is at the machine itself. */
const here: Actor = { keyId: null, label: 'local', requestId: null, origin: null };

/**
 * Makes the first key of an embedded database, whose owner has nobody to ask for one. A start that is killed before it has shown the key leaves
 * one that nobody knows; `chodae key create` makes another.
 * @returns the key; undefined where there ever was one.
 */
export async function makeFirstKey(services: OperatorServices): Promise<string | undefined> {
  if ((await keysThereAre(services.database)).ever) return undefined;
  const created = await createOperatorKey(services, { actor: here, key: undefined, asked: null }, { label: 'first', role: 'admin' });
  return created.key;
}

/** @returns whether anybody could prove to be an operator over HTTP. */
export async function isAnyKeyUsable({ database }: OperatorServices): Promise<boolean> {
  return (await keysThereAre(database)).usable;
}
