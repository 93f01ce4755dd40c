import assert from 'node:assert/strict';
import bcrypt from 'bcrypt';
import type { HostileRequest } from './hostile-requests.ts';
import { bcryptCost, type LogLine } from './hostile-scene.ts';
import { planted } from './hostile-values.ts';
import { changesBetween, type Stored } from './stored-changes.ts';

/** An answer, however it came. */
export interface HostileAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** 404 and 405 and the like, each a clear word; 206 and 304 are the static files' of `/docs`. */
const expectedStatuses = new Set([200, 204, 206, 302, 304, 307, 400, 401, 403, 404, 405, 408, 409, 410, 413, 414, 415, 422, 429, 431, 503]);

/** Asserts what holds for every answer to everything. */
export function assertClearAnswer({ status, headers, body }: HostileAnswer): void {
  assert.ok(expectedStatuses.has(status), `status ${status}: ${body.slice(0, 300)}`);
  assert.ok(
    !body.includes(planted) && !JSON.stringify(headers).includes(planted),
    `the answer repeats what was sent: ${body.slice(0, 300)}`,
  );
  const type = headers['content-type'];
  if (status >= 400) {
    assert.equal(type, 'application/problem+json; charset=utf-8');
    if (body !== '') assertProblem(status, headers, body);
  } else if (!isDocument(headers) && body !== '') {
    assert.equal(type, 'application/json; charset=utf-8');
    JSON.parse(body);
  }
}

function assertProblem(status: number, headers: HostileAnswer['headers'], body: string): void {
  const problem = JSON.parse(body);
  assert.equal(problem.status, status);
  assert.match(problem.code, /^[a-z0-9_]+$/);
  assert.match(`${problem.title} ${problem.detail}`, /\S{2}/);
  if (status !== 429 && status !== 503) return;
  // One code with one seat takes 20 sign-ups of one address at a time.
  assert.equal(problem.code, status === 429 ? 'rate_limited' : 'overloaded');
  assert.ok(Number(headers['retry-after']) >= 1);
}

/** The pages of the API documentation and their files: `/docs`, `/redoc`. */
function isDocument(headers: HostileAnswer['headers']): boolean {
  return /^(?:text\/(?:html|css|javascript)|application\/javascript|image\/png)(?:;|$)/.test(String(headers['content-type']));
}

/**
 * Asserts that nothing that was sent was logged, that nothing is called an error, and that one line says how it went.
 * @returns that line.
 */
export function assertLogged(lines: readonly LogLine[], status: number): LogLine {
  const text = JSON.stringify(lines);
  assert.ok(!text.includes(planted), `the log holds what was sent: ${text}`);
  assert.ok(!lines.some(({ level }) => Number(level) >= 50), `an error was logged: ${text}`);
  const requests = lines.filter(({ msg }) => msg === 'request');
  assert.equal(requests.length, 1, text);
  assert.equal(requests[0]?.status, status);
  return requests[0] ?? {};
}

/** What a successful request may change, by method and route; all others change nothing. */
const changesOf: Readonly<Record<string, readonly string[]>> = {
  'POST /auth/invitation/verify': ['+RegisterSession'],
  'PUT /auth/register/name': [
    'RegisterSession.expires_at',
    'RegisterSession.first_step_at',
    'RegisterSession.name',
    'RegisterSession.name_at',
    'RegisterSession.password',
  ],
  'PUT /auth/register/birthday': [
    'RegisterSession.birthday',
    'RegisterSession.birthday_at',
    'RegisterSession.expires_at',
    'RegisterSession.first_step_at',
  ],
  'PUT /auth/register/phone': [
    '+User',
    '+registration_attempts',
    '+registration_receipts',
    '-RegisterSession',
    'Invitation.is_used',
    'Invitation.use_count',
    'Invitation.used_by',
  ],
  'POST /auth/register/session/renew': ['RegisterSession.expires_at'],
  'DELETE /auth/register/session': ['+registration_attempts', '-RegisterSession'],
};

/** Asserts that a request changed only what it may, and that the stored values are the sent ones in their accepted form. */
export function assertStored(request: HostileRequest, { status, body }: HostileAnswer, line: LogLine, before: Stored, after: Stored): void {
  const changes = changesBetween(before, after);
  const tooYoung = status === 422 && body.includes('birthday_below_minimum_age');
  const key = tooYoung ? 'DELETE /auth/register/session' : `${line.method} ${line.route}`;
  const allowed = status === 200 || tooYoung ? (changesOf[key] ?? []) : [];
  const forbidden = changes.filter((change) => !allowed.includes(change));
  assert.deepEqual(forbidden, [], `${key} answered ${status} and changed this`);
  assertAcceptable(after);
  if (status === 200 && changes.length > 0 && typeof request.body === 'string' && !key.includes('/register/session'))
    assertAsSent(request.body, after);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what no name may have.
const unusable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef]/;

/** The rules of the fields once more, written down anew: what no row may ever hold. */
export function assertAcceptable({ RegisterSession = {}, User = {} }: Stored): void {
  for (const { name, password, birthday, phone } of [...Object.values(RegisterSession), ...Object.values(User)] as Record<
    string,
    string | null
  >[]) {
    if (name !== null && name !== undefined) {
      assert.ok(name.isWellFormed() && !unusable.test(name) && name === name.trim() && name === name.normalize('NFC'), 'a name');
      assert.ok([...name].length >= 1 && [...name].length <= 100, 'the length of a name');
    }
    if (password !== null && password !== undefined) assert.match(password, new RegExp(`^\\$2b\\$0${bcryptCost}\\$[./A-Za-z0-9]{53}$`));
    if (birthday !== null && birthday !== undefined) {
      assert.match(birthday, /^\d{4}-\d{2}-\d{2}$/);
      assert.equal(new Date(`${birthday}T00:00:00Z`).toISOString().slice(0, 10), birthday);
      assert.ok(birthday >= '1900-01-01' && birthday <= new Date().toISOString().slice(0, 10), birthday);
    }
    if (phone !== null && phone !== undefined) {
      assert.match(phone, /^[0-9+\-(). ]{1,32}$/);
      assert.match(phone.replace(/\D/g, ''), /^(?:82)?0?10\d{8}$/);
    }
  }
}

/** `isWellFormed` reached the types of TypeScript later than Node 20. */
declare global {
  interface String {
    isWellFormed(): boolean;
  }
}

/** What a reader sees of a text: without white space and what has no mark of its own. */
const seen = (text: string) =>
  text
    .normalize('NFC')
    .replace(/[\s\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\u2800]/gu, '')
    .normalize('NFC');
const digits = (text: string) => text.normalize('NFKC').replace(/[^0-9]/g, '');

/** What was accepted stands in some row as the rules say: folded, in NFC, hashed. */
function assertAsSent(body: string, { RegisterSession = {}, User = {} }: Stored): void {
  const sent = JSON.parse(body.replace(/^\ufeff/, '')) as Record<string, string>;
  const rows = [...Object.values(RegisterSession), ...Object.values(User)] as Record<string, string>[];
  const row = (column: string, value: string | undefined) => value === undefined || rows.find((one) => one[column] === value);
  if (sent.password !== undefined && sent.name !== undefined) {
    const named = rows.some(({ name }) => name !== null && seen(name ?? '') === seen(sent.name ?? ''));
    assert.ok(named, 'the name is not stored as sent');
    assert.ok(
      rows.some(({ password }) => password && bcrypt.compareSync(sent.password?.normalize('NFC') ?? '', password)),
      'the hash is not of this password',
    );
  } else if (sent.birthday !== undefined)
    assert.ok(row('birthday', digits(sent.birthday).replace(/^(\d{4})(\d\d)/, '$1-$2-')), 'the birthday is not stored as sent');
  else if (sent.phone !== undefined)
    assert.ok(
      rows.some(({ phone }) => phone && digits(phone) === digits(sent.phone ?? '')),
      'the phone is not stored as sent',
    );
}
