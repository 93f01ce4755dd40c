import { isAnyKeyUsable, makeFirstKey } from '../operators/first-key.ts';
import type { Services } from '../services.ts';

/** The first key of a new embedded database, this once; where everybody else would be locked out, what to do. */
export async function operatorKeyLines({ database, operators }: Services): Promise<string[]> {
  const another = 'npx chodae key create --label me --role admin';
  if (database.kind === 'postgresql') {
    // A database that does not answer now is asked again by requests.
    const isUsable = await isAnyKeyUsable(operators).catch(() => true);
    return isUsable ? [] : [`There is no operator key yet. To manage invitations over HTTP, make one: ${another}`];
  }
  const key = await makeFirstKey(operators);
  return key === undefined
    ? []
    : [
        `Operator key    ${key}`,
        '  It manages invitations over HTTP (role admin) and is shown this once. On this machine `npx chodae invite` needs none.',
        `  If you lose it, make another: ${another}`,
      ];
}
