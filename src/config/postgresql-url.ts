/** The parts of a PostgreSQL URL, decoded; a missing part is an empty string. */
export interface PostgresqlUrl {
  readonly user: string;
  readonly password: string;
  /** At least one. */
  readonly places: readonly [PostgresqlUrlPlace, ...PostgresqlUrlPlace[]];
  readonly database: string;
  readonly parameters: ReadonlyMap<string, string>;
}

interface PostgresqlUrlPlace {
  /** A name, an address without square brackets, or the absolute path of a folder with a socket. */
  readonly host: string;
  readonly port: string;
}

export const urlShape = 'postgresql://USER:PASSWORD@HOST:PORT/DATABASE';

/** Characters that must be percent-encoded before the last `@`. */
const encodings: readonly (readonly [character: string, encoded: string])[] = [
  ['/', '%2F'],
  ['?', '%3F'],
  ['#', '%23'],
];

/**
 * Checks the text before it is split, since an unencoded character of the password would shift the parts.
 * @returns messages without the name of the setting and without anything of the password; if empty, call `splitPostgresqlUrl`.
 */
export function spellingMistakes(text: string): string[] {
  if (/^["'`]/.test(text)) return ['remove the quotation marks around it'];
  if (!/^postgres(?:ql)?:\/\//i.test(text)) return [`it must begin with postgresql:// and have the shape ${urlShape}`];
  if (text.includes('[YOUR-PASSWORD]')) return ['write the password of your database in place of [YOUR-PASSWORD]'];
  if (/:\/\/[^@]*:\[[^@]*\]@/.test(text)) return ['remove the square brackets around the password: they only marked its place'];
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
  if (/%00/.test(text)) return ['PostgreSQL does not accept NUL characters (%00)'];
  try {
    decodeURIComponent(text);
    return [];
  } catch {
    return ['it has a "%" that is not followed by two hex digits: write %25 for each "%" in the password'];
  }
}

/** Splits a URL like libpq: `host` and `port` among the parameters override those after the `@`. */
export function splitPostgresqlUrl(text: string): PostgresqlUrl {
  const parts = /^[^:]*:\/\/([^:@]*)(?::([^@]*))?@([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/.exec(text) ?? [];
  const [, user = '', password = '', servers = '', database = '', query = ''] = parts;
  const parameters = parametersOf(query);
  return {
    user: decodeURIComponent(user),
    password: decodeURIComponent(password),
    places: placesOf(servers, parameters.get('host'), parameters.get('port')),
    database: decodeURIComponent(database),
    parameters,
  };
}

/** Several servers are separated by commas; a single port applies to all. */
function placesOf(servers: string, hostParameter: string | undefined, portParameter: string | undefined): PostgresqlUrl['places'] {
  const written = servers.split(',').map((server) => {
    const [, host = '', port = ''] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(server) ?? [];
    return { host: decodeURIComponent(host).replace(/^\[(.*)\]$/, '$1'), port };
  });
  const hosts = hostParameter ? hostParameter.split(',') : written.map(({ host }) => host);
  const ports = portParameter ? portParameter.split(',') : written.map(({ port }) => port);
  const places = hosts.map((host, index) => ({ host, port: (ports.length === 1 ? ports[0] : ports[index]) || '5432' }));
  return places as [PostgresqlUrlPlace, ...PostgresqlUrlPlace[]];
}

/** Unlike `URLSearchParams` this keeps a `+`, as libpq does: it may be part of a path. */
function parametersOf(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of query.split('&').filter(Boolean)) {
    const [name = '', ...value] = pair.split('=');
    parameters.set(decodeURIComponent(name), decodeURIComponent(value.join('=')));
  }
  return parameters;
}
