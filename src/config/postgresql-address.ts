import type { PostgresqlAddress, PostgresqlHost } from './config.ts';
import { isLocalHost, tlsMistakes, tlsOf } from './postgresql-tls.ts';
import { type PostgresqlUrl, spellingMistakes, splitPostgresqlUrl, urlShape } from './postgresql-url.ts';

/** The address, or messages about what is wrong with the URL; these contain nothing of the password. */
export type PostgresqlReading =
  | { readonly address: PostgresqlAddress; readonly unusedParameters: readonly string[] }
  | { readonly mistakes: readonly string[] };

const usedParameters = ['schema', 'pgbouncer', 'sslmode', 'sslaccept', 'sslrootcert', 'host', 'port', 'target_session_attrs'];

/** Parameters of Prisma and of hosting providers that are silently accepted, because nothing here depends on them. */
const ignoredParameters = ['connection_limit', 'pool_timeout', 'connect_timeout', 'socket_timeout', 'statement_cache_size', 'supa'];

const clientCertificateParameters = ['sslcert', 'sslkey', 'sslidentity', 'sslpassword'];

/** The port at which Supabase's pooler, and others after its example, work in transaction mode. */
const transactionPoolerPort = 6543;

/**
 * Reads `postgresql://user:password@host:port/database?parameters` as libpq does, with the parameters of Prisma.
 * @param text trimmed.
 * @returns the address and the names of parameters without effect, or a message for each mistake (without the setting's name).
 */
export function parsePostgresqlUrl(text: string): PostgresqlReading {
  const spelling = spellingMistakes(text);
  if (spelling.length > 0) return { mistakes: spelling };
  const url = splitPostgresqlUrl(text);
  const mistakes = [...partMistakes(url), ...parameterMistakes(url), ...tlsMistakes(url.parameters)];
  if (mistakes.length > 0) return { mistakes };
  const known = [...usedParameters, ...ignoredParameters];
  return { address: addressOf(url), unusedParameters: [...url.parameters.keys()].filter((name) => !known.includes(name)) };
}

/** @returns where migrations should run instead of this transaction pooler: a phrase for a message. */
export function directAddressAdvice(pooler: PostgresqlAddress): string {
  const project = supabaseProject(pooler);
  if (project === undefined) return "the address of the PostgreSQL server itself, or the pooler's session mode";
  return `the direct address db.${project}.supabase.co:5432, or the pooler's session mode on port 5432`;
}

/** Supabase's pooler finds the project by the user's name: `postgres.<project>`. */
function supabaseProject(address: PostgresqlAddress): string | undefined {
  const direct = /^db\.([^.]+)\.supabase\.co$/i.exec(address.host)?.[1];
  if (direct !== undefined || !/\.pooler\.supabase\.com$/i.test(address.host)) return direct;
  return address.user.split('.')[1] || '<project>';
}

function addressOf(url: PostgresqlUrl): PostgresqlAddress {
  const schema = schemaOf(url);
  const [first, ...others] = url.places.map(({ host, port }) => ({ host, port: Number(port) })) as [PostgresqlHost, ...PostgresqlHost[]];
  return {
    ...first,
    ...(others.length > 0 && { otherHosts: others }),
    ...((others.length > 0 || url.parameters.has('target_session_attrs')) && { writableOnly: true as const }),
    user: url.user,
    password: url.password,
    database: url.database,
    tls: tlsOf(url.parameters, (url.places.find(({ host }) => !isLocalHost(host)) ?? first).host),
    ...(schema === undefined ? {} : { schema }),
    transactionPooler: isTransactionPooler(url),
  };
}

function isTransactionPooler(url: PostgresqlUrl): boolean {
  return url.parameters.get('pgbouncer') === 'true' || url.places.some(({ port }) => Number(port) === transactionPoolerPort);
}

/** Prisma adds `schema=public` by itself. A pooler would refuse even that as a start-up parameter, and it is the default. */
function schemaOf(url: PostgresqlUrl): string | undefined {
  const schema = url.parameters.get('schema');
  return !schema || (schema === 'public' && isTransactionPooler(url)) ? undefined : schema;
}

/** The usual reason for a missing end is a `#` in the password: a `.env` file without quotation marks ends the value there. */
function partMistakes(url: PostgresqlUrl): string[] {
  const mistakes: string[] = [];
  if (url.user === '') mistakes.push(`it names no user: write ${urlShape}`);
  mistakes.push(...placeMistakes(url.places));
  if (url.database === '') {
    mistakes.push(
      'it names no database: end it with /DATABASE, and write %23 for each "#" in the password, since everything after a "#" is cut off',
    );
  }
  return mistakes;
}

function placeMistakes(places: PostgresqlUrl['places']): string[] {
  const mistakes: string[] = [];
  if (places.some(({ host }) => host === '')) {
    mistakes.push(
      places.length > 1 ? 'a host is missing between its commas' : `it names no host: write ${urlShape}, or ?host=/folder for a socket`,
    );
  }
  if (!places.every(({ host }) => /^(?:\/.*|[^/@[\]]*)$/.test(host))) {
    mistakes.push('its host must be a name, an address, or the folder of a socket');
  }
  if (!places.every(({ port }) => isPort(port))) {
    mistakes.push('its port must be a number from 1 to 65535 (an IPv6 address belongs in square brackets)');
  }
  return mistakes;
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

function parameterMistakes(url: PostgresqlUrl): string[] {
  const mistakes: string[] = [];
  const { parameters } = url;
  if (!['true', 'false', undefined].includes(parameters.get('pgbouncer'))) mistakes.push('pgbouncer must be true or false');
  if (parameters.has('user') || parameters.has('password')) mistakes.push(`user and password belong before the "@": write ${urlShape}`);
  if (!['read-write', 'primary', undefined].includes(parameters.get('target_session_attrs'))) {
    mistakes.push('target_session_attrs must be read-write or primary, because signing up writes to the database');
  }
  const certificates = clientCertificateParameters.filter((name) => parameters.has(name));
  if (certificates.length > 0) {
    mistakes.push(`client certificates (${certificates.join(', ')}) are not supported; write sslrootcert for the server's authority`);
  }
  if (isTransactionPooler(url) && schemaOf(url) !== undefined) {
    mistakes.push(
      'a transaction pooler refuses start-up parameters, so schema can only be public there: use a direct address, or set the search_path of the database user',
    );
  }
  return mistakes;
}
