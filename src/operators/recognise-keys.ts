import { type Database, statement } from '../database/database.ts';
import { startDeadline } from '../deadline.ts';
import { requestLimit } from '../time-limits.ts';
import { bearerIn } from './authenticate-operator.ts';
import { hashOperatorKey, isOperatorKey } from './operator-key.ts';

/** Milliseconds between two lookups of this process. */
const pause = 100;
/** Keys of one network per lookup. More than a process answers in the pause, so that an operator in the same network is not crowded out. */
const mostOfNetwork = 100;

const findKeysStatement = statement<{ key_hash: string }>(
  'operators_find_keys',
  `SELECT key_hash FROM operator_keys
   WHERE key_hash = ANY($1::text[]) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`,
);

interface Batch {
  readonly hashes: Set<string>;
  readonly ofNetwork: Map<string, number>;
  readonly found: Promise<ReadonlySet<string>>;
}

/**
 * For a network over its limit of wrong keys: its keys are looked up in batches, at most ten times a second, so that a good key gets through
 * among any number of wrong ones, and a flood costs the database the same whatever its size. It is stateless, so every process can do it.
 * @returns whether an `Authorization` header has a usable key.
 */
export function recogniseKeys(database: Pick<Database, 'run'>): (authorization: string, network: string) => Promise<boolean> {
  let collecting: Batch | undefined;

  function collect(): Batch {
    const hashes = new Set<string>();
    const found = new Promise((resolve) => setTimeout(resolve, pause)).then(async () => {
      collecting = undefined;
      const rows = await database.run(findKeysStatement, [[...hashes]], startDeadline(requestLimit));
      return new Set(rows.map(({ key_hash }) => key_hash));
    });
    return { hashes, ofNetwork: new Map(), found };
  }

  return async (authorization, network) => {
    const key = bearerIn(authorization);
    if (key === undefined || !isOperatorKey(key)) return false;
    collecting ??= collect();
    const { hashes, ofNetwork, found } = collecting;
    const hash = hashOperatorKey(key);
    const count = ofNetwork.get(network) ?? 0;
    if (!hashes.has(hash)) {
      if (count >= mostOfNetwork) return false;
      hashes.add(hash);
      ofNetwork.set(network, count + 1);
    }
    return (await found).has(hash);
  };
}
