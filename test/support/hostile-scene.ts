import { randomBytes } from 'node:crypto';
import bcrypt from 'bcrypt';
import { pino } from 'pino';
import { buildApp } from '../../src/app.ts';
import { readConfig } from '../../src/config/read-config.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { openServices } from '../../src/services.ts';
import { openTestDatabase } from './database.ts';
import type { HostileRequest } from './hostile-requests.ts';
import { placeholders } from './hostile-values.ts';
import { readStored, type Stored } from './stored-changes.ts';

/** One line of the log, parsed. */
export type LogLine = Readonly<Record<string, unknown>>;

/** The whole application with sign-ups at every stage, on a database that can be read whole after every request. */
export interface HostileScene extends AsyncDisposable {
  readonly http: HttpServer;
  /** Lines logged since it was last emptied. */
  readonly lines: LogLine[];
  /**
   * Renews the sign-ups if, by the latest reading, requests have used them up.
   * @returns everything that is stored.
   */
  prepare(): Promise<Stored>;
  /** Reads everything that is stored. */
  stored(): Promise<Stored>;
  /** Puts the ids and codes of this moment in the place of their placeholders. */
  fill(request: HostileRequest): HostileRequest;
}

const minimumAge = 14;
export const bcryptCost = 4;
const storedHash = bcrypt.hashSync('seven quiet rivers', bcryptCost);
/** Above this, reading everything after each request would take longer than the request. */
const mostRows = 40;

const invitations = `INSERT INTO "Invitation" (code, is_used, max_uses, starts_at, expires_at, revoked_at) VALUES
  ('OPEN', false, 1, NULL, NULL, NULL), ('READY', false, 1, NULL, NULL, NULL), ('SEATS', false, 3, NULL, NULL, NULL),
  ('USED', true, 1, NULL, NULL, NULL), ('EXPIRED', false, 1, NULL, now(), NULL), ('REVOKED', false, 1, NULL, NULL, now()),
  ('EARLY', false, 1, now() + interval '1 year', NULL, NULL)`;

/** Opens it over the database that this run is about; only the cost of hashing, the minimum age and unique phones are not as delivered. */
export async function openHostileScene(): Promise<HostileScene> {
  const testDatabase = await openTestDatabase();
  const lines: LogLine[] = [];
  const log = pino({ level: 'trace', base: null, timestamp: false }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const services = openServices(configOf(testDatabase.config), log, testDatabase.database);
  const { http } = await buildApp(services);
  await http.ready();
  await testDatabase.query(invitations);
  let filled: Record<string, string> = { [placeholders.usableCode]: 'OPEN' };
  let latest: Stored | undefined;

  async function stored(): Promise<Stored> {
    latest = await readStored(testDatabase);
    return latest;
  }

  async function prepare(): Promise<Stored> {
    const now = latest ?? (await stored());
    const alive = [placeholders.freshSession, placeholders.readySession].every((one) =>
      Object.hasOwn(now.RegisterSession ?? {}, filled[one] ?? ''),
    );
    const rows = Object.values(now).reduce((sum, table) => sum + Object.keys(table).length, 0);
    if (alive && rows <= mostRows) return now;
    await beginAgain();
    return stored();
  }

  async function beginAgain(): Promise<void> {
    const [fresh = '', ready = '', done = ''] = Array.from({ length: 3 }, () => randomBytes(16).toString('hex'));
    filled = { ...filled, [placeholders.freshSession]: fresh, [placeholders.readySession]: ready, [placeholders.completedSession]: done };
    for (const table of ['User', 'RegisterSession', 'registration_receipts', 'registration_attempts'])
      await testDatabase.query(`DELETE FROM "${table}"`);
    await testDatabase.query(`UPDATE "Invitation" SET is_used = code = 'USED', used_by = NULL, use_count = 0`);
    const session = `INSERT INTO "RegisterSession" ("sessionId", "invitationId", name, password, birthday) SELECT $1, id, $3, $4, $5 FROM "Invitation" WHERE code = $2`;
    await testDatabase.query(session, [fresh, 'OPEN', null, null, null]);
    await testDatabase.query(session, [ready, 'READY', '홍길동', storedHash, '1990-01-01']);
    await testDatabase.query(
      `WITH done AS (INSERT INTO "User" (name, password, birthday, phone, "invitationId", phone_key)
         SELECT '홍길동', $2, '1990-01-01', '010-1234-5678', id, '+821012345678' FROM "Invitation" WHERE code = 'USED' RETURNING id)
       INSERT INTO registration_receipts (session_id, user_id) SELECT $1, id FROM done`,
      [done, storedHash],
    );
  }

  const fillText = (text: string) =>
    Object.entries(filled).reduce((result, [placeholder, value]) => result.replaceAll(placeholder, value), text);

  return {
    http,
    lines,
    prepare,
    stored,
    fill: ({ method, path, headers, body }) => ({
      method,
      path: fillText(path),
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fillText(value)])),
      body: typeof body === 'string' ? fillText(body) : body,
    }),
    async [Symbol.asyncDispose]() {
      await http.close();
      await services[Symbol.asyncDispose]();
      await testDatabase.drop();
    },
  };
}

function configOf(database: Awaited<ReturnType<typeof openTestDatabase>>['config']) {
  const config = readConfig({ MIN_AGE: String(minimumAge), PHONE_UNIQUE: 'on' });
  // Waiting is not what this is about, and the machine may be busy.
  return { ...config, database, passwords: { ...config.passwords, bcryptCost, maximumWaitSeconds: 60 } };
}
