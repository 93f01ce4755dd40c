/** The parts of a PostgreSQL URL, decoded; a part that is missing is an empty string. */
export interface PostgresqlUrl {
  readonly user: string;
  readonly password: string;
  /** A name, an address without square brackets, or the absolute path of a folder with a socket. */
  readonly host: string;
  readonly port: string;
  readonly database: string;
  readonly parameters: ReadonlyMap<string, string>;
}

export const urlShape = 'postgresql://USER:PASSWORD@HOST:PORT/DATABASE';

/** What may stand before the last `@` only in its encoded form. */
const encodings: readonly (readonly [character: string, encoded: string])[] = [
  ['/', '%2F'],
  ['?', '%3F'],
  ['#', '%23'],
];

/**
 * Looks at the text before it is taken apart, where a character of the password that is not encoded would move the borders of the parts.
 * @returns sentences without the name of the setting and without anything of the password; none: `splitPostgresqlUrl` may be called.
 */
export function spellingMistakes(text: string): string[] {
  if (/^["'`]/.test(text)) return ['remove the quotation marks around it'];
  if (!/^postgres(?:ql)?:\/\//i.test(text)) return [`it must begin with postgresql:// and have the shape ${urlShape}`];
  if (text.includes('[YOUR-PASSWORD]')) return ['write the password of your database in place of [YOUR-PASSWORD]'];
  if (/\s/.test(text)) return ['remove the spaces and line breaks in it (write %20 for a space in the password)'];
  const lastAt = text.lastIndexOf('@');
  if (lastAt < 0) return [`it has no "@": write ${urlShape}; everything after a "#" is cut off, so write %23 for each "#" in the password`];
  return [...credentialMistakes(text, lastAt), ...encodingMistakes(text)];
}

function credentialMistakes(text: string, lastAt: number): string[] {
  const mistakes: string[] = [];
  const credentials = text.slice(text.indexOf('://') + 3, lastAt);
  if (credentials.includes('@')) mistakes.push('it has more than one "@": write %40 for each "@" in the password');
  for (const [character, encoded] of encodings) {
    if (!credentials.includes(character)) continue;
    const consequence = character === '#' ? ' (everything after it is cut off)' : '';
    mistakes.push(`it has a "${character}" before the "@"${consequence}: write ${encoded} for each "${character}" in the password`);
  }
  if (text.slice(lastAt).includes('#')) mistakes.push('everything after its "#" is cut off: write %23 for each "#"');
  return mistakes;
}

function encodingMistakes(text: string): string[] {
  if (/%00/.test(text)) return ['PostgreSQL takes no NUL character (%00)'];
  try {
    decodeURIComponent(text);
    return [];
  } catch {
    return ['it has a "%" that begins no encoded character: write %25 for each "%" in the password'];
  }
}

/** Takes a URL apart as libpq does: `host` and `port` among the parameters win over those after the `@`. */
export function splitPostgresqlUrl(text: string): PostgresqlUrl {
  const parts = /^[^:]*:\/\/([^:@]*)(?::([^@]*))?@(\[[^\]]*\]|[^:/?]*)(?::([^/?]*))?(?:\/([^?]*))?(?:\?(.*))?$/.exec(text) ?? [];
  const [, user = '', password = '', host = '', port = '', database = '', query = ''] = parts;
  const parameters = parametersOf(query);
  return {
    user: decodeURIComponent(user),
    password: decodeURIComponent(password),
    host: parameters.get('host') || decodeURIComponent(host).replace(/^\[(.*)\]$/, '$1'),
    port: parameters.get('port') || port || '5432',
    database: decodeURIComponent(database),
    parameters,
  };
}

/** Unlike `URLSearchParams` this leaves a `+` alone, as libpq does: it may be part of a path. */
function parametersOf(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of query.split('&').filter(Boolean)) {
    const [name = '', ...value] = pair.split('=');
    parameters.set(decodeURIComponent(name), decodeURIComponent(value.join('=')));
  }
  return parameters;
}
