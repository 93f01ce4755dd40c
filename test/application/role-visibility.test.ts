import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { getTableColumns, getTableName, is } from 'drizzle-orm';
import { PgTable } from 'drizzle-orm/pg-core';
import * as schema from '../../src/database/schema.ts';
import { type Role, roles, suffices } from '../../src/operators/roles.ts';
import { type AdminRoute, adminRoutes, type Parameter } from '../support/admin-routes.ts';
import { openApplication } from '../support/application.ts';
import { asOperator, type KeyMade, makeKey } from '../support/operator-scenes.ts';
import { beginSignUp } from '../support/sign-up-scenes.ts';

/**
 * No answer may depend on a value that the reader's role may not see: no member, header, order or count. Every GET route of the router is
 * requested with every parameter of its schema; then every value that the role may not see is changed in the database, and every
 * answer must be the same again, byte for byte.
 */
const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const { query } = application;

/** The least role that a column is shown to; `no one`: no answer below /admin depends on it. For phone numbers: the digits that a mask hides. */
const shownTo: Readonly<Record<string, Readonly<Record<string, Role | 'no one'>>>> = {
  Invitation: { '*': 'viewer', phone: 'issuer', used_by: 'no one' },
  RegisterSession: {
    '*': 'no one',
    invitationId: 'viewer',
    created_at: 'viewer',
    expires_at: 'viewer',
    attempt: 'viewer',
    name_at: 'viewer',
    birthday_at: 'viewer',
  },
  User: { '*': 'viewer', phone: 'admin', birthday: 'admin', password: 'no one', phone_key: 'no one' },
  registration_receipts: { '*': 'no one' },
  registration_attempts: { '*': 'viewer', attempt: 'no one' },
  campaigns: { '*': 'viewer' },
  operator_keys: { '*': 'admin', key_hash: 'no one' },
  audit_log: { '*': 'admin' },
  idempotency_keys: { '*': 'no one' },
  rate_limits: { '*': 'no one' },
};

interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly shownTo: Role | 'no one';
}

const columns: readonly Column[] = Object.values(schema)
  .filter((table) => is(table, PgTable))
  .flatMap((table) =>
    Object.values(getTableColumns(table)).map(({ name, columnType }) => {
      const rules = shownTo[getTableName(table)] ?? assert.fail(`say who sees the columns of ${getTableName(table)}`);
      return { table: getTableName(table), name, type: columnType, shownTo: rules[name] ?? rules['*'] ?? 'no one' };
    }),
  );
const hiddenFrom = (role: Role) => columns.filter(({ shownTo: least }) => least === 'no one' || !suffices(role, least));

/** SQL for another value with the same masked form. */
function otherValue({ table, name, type }: Column): string {
  const column = `"${name}"`;
  // Everything but the beginning of the number and its last four digits.
  if (name === 'phone') return `regexp_replace(${column}, '(8362|7451|6540)', '1927')`;
  if (name === 'birthday') return `'1957-03-19'`;
  if (table === 'operator_keys' && name === 'role') return `'viewer'`;
  if (type === 'PgTimestamp') return `${column} + interval '1 hour'`;
  if (type === 'PgJsonb') return `'{"changed": true}'`;
  if (type === 'PgUUID') return 'gen_random_uuid()';
  return type === 'PgText' ? `md5(${column})` : `${column} + 1000`;
}

/** The operators of this test keep their own rows. */
const condition = ({ table, name }: Column) => `"${name}" IS NOT NULL${table === 'operator_keys' ? ` AND label = 'another operator'` : ''}`;

/** Changes values, runs some work, and restores the rows. */
async function whileChanged<T>(changed: readonly Column[], work: () => Promise<T>): Promise<T> {
  const tables = [...new Set(changed.map(({ table }) => table))];
  for (const table of tables) await query(`CREATE TABLE "saved_${table}" AS SELECT * FROM "${table}"`);
  for (const column of changed) {
    await query(`UPDATE "${column.table}" SET "${column.name}" = ${otherValue(column)} WHERE ${condition(column)}`);
  }
  const answers = await work();
  for (const table of tables) {
    await query(`DELETE FROM "${table}"`);
    await query(`INSERT INTO "${table}" SELECT * FROM "saved_${table}"`);
    await query(`DROP TABLE "saved_${table}"`);
  }
  return answers;
}

/** What an attacker would send: values as they are and as they will be, phone numbers in several notations. */
const numbers = ['8362-5678', '6540-5678', '1927-5678'];
const probes = [...numbers.flatMap((number) => [`010-${number}`, `+8210${number.replace('-', '')}`]), '8362', '1990-01-01', '1957-03-19'];

let routes: readonly AdminRoute[];
const keys = {} as Record<Role, KeyMade>;

before(async () => {
  routes = (await adminRoutes(application)).filter(({ method }) => method === 'GET');
  for (const role of roles) keys[role] = await makeKey(application, role);
  await makeKey(application, 'issuer', 'another operator');
  const local = asOperator(application);
  const wanted = { max_uses: 5, campaign: 'spring', note: 'a table of ten' };
  for (const phone of ['010-8362-5678', '010-7451-5678', null]) {
    const made = await local('POST', '/admin/invitations', { ...wanted, phone }, { 'idempotency-key': `for ${phone}` });
    assert.equal(made.status, 201, JSON.stringify(made.body));
  }
  const [bound, , open] = await query<{ id: number; code: string }>('SELECT id, code FROM "Invitation" ORDER BY id');
  assert.ok(bound && open);
  assert.ok((await application.signUp(bound.code, { phone: '010-8362-5678' })).userId);
  assert.ok((await application.signUp(open.code, { phone: '010 6540 5678' })).userId);
  const sessionId = await beginSignUp(application, open.code);
  await application.name(sessionId, '김하나', 'seven quiet rivers');
  await query(`UPDATE "RegisterSession" SET phone = '010-7451-5678', birthday = '1990-01-01' WHERE "sessionId" = $1`, [sessionId]);
  await query(`UPDATE "User" SET phone_key = '+8210' || id || '5678'`);
});

/** Every answer to one role, by request. */
async function answersTo(role: Role, asked = routes): Promise<Map<string, string>> {
  await query('TRUNCATE audit_log RESTART IDENTITY');
  const answers = new Map<string, string>();
  const ask = async (address: string) => {
    const { http } = application;
    const response = await http.inject({ method: 'GET', url: address, headers: { authorization: `Bearer ${keys[role].key}` } });
    const { date: _date, 'x-request-id': _id, ...headers } = response.headers;
    // When a request was sent, and until when a funnel without an end counts.
    const body = response.payload.replace(/"(at|request_id|last_used_at|to)":("[^"]*"|null)/g, '"$1":…');
    answers.set(address, JSON.stringify([response.statusCode, headers, body]));
    return response.payload;
  };
  for (const route of asked) {
    for (const address of addressesOf(route)) await ask(address);
    if (route.parameters.some(({ name }) => name === 'cursor')) {
      for (let cursor = ''; cursor !== 'null'; ) {
        const page = await ask(`${route.path}?limit=1${cursor && `&cursor=${cursor}`}`);
        cursor = String((JSON.parse(page) as { next?: unknown }).next ?? null);
      }
    }
  }
  return answers;
}

function addressesOf({ path, parameters }: AdminRoute): string[] {
  const ids = path.includes('{id}') ? ['1', '2', '3'] : [''];
  const names = path.includes('{campaign}') ? ['spring', ...probes] : [''];
  const paths = ids.flatMap((id) => names.map((name) => path.replace('{id}', id).replace('{campaign}', encodeURIComponent(name))));
  const asked = parameters.filter((one) => one.in === 'query');
  const pairsOf = (values: (parameter: Parameter) => readonly string[]) =>
    asked.flatMap((one) => values(one).map((value) => ({ name: one.name, pair: `${one.name}=${encodeURIComponent(value)}` })));
  const pairs = pairsOf((one) => [...valuesOf(one), ...(isText(one.schema) ? probes : [])]);
  // A number as it was and as it will be, together with every other parameter.
  const guesses = ['010-8362-5678', '010-1927-5678'].map((phone) => `text=${encodeURIComponent(phone)}`);
  const together = asked.some(({ name }) => name === 'text')
    ? guesses.flatMap((guess) =>
        pairsOf(valuesOf)
          .filter(({ name }) => name !== 'text')
          .map(({ pair }) => `${guess}&${pair}`),
      )
    : [];
  return [...paths, ...[...pairs.map(({ pair }) => pair), ...together].flatMap((text) => paths.map((one) => `${one}?${text}`))];
}

function valuesOf({ name, example, schema: shape }: Parameter): string[] {
  if (shape?.enum) return shape.enum.map(String);
  const examples = [example, ...(shape?.examples ?? [])].filter((one) => one !== undefined).map(String);
  if (name === 'text') examples.push('a table', '홍', '김', 'SPRING');
  return isText(shape) ? examples : ['1', '2', ...examples];
}

function isText(shape: Parameter['schema']): boolean {
  return shape?.type === 'string' && !shape.enum;
}

const differing = (one: Map<string, string>, other: Map<string, string>) =>
  [...one.keys()].filter((address) => one.get(address) !== other.get(address));

for (const role of roles) {
  test(`no answer to the role ${role} depends on a value that it may not see`, async () => {
    const as = await answersTo(role);
    assert.ok(as.size > 150, `only ${as.size} requests`);
    const changed = await whileChanged(hiddenFrom(role), () => answersTo(role));
    assert.deepEqual(differing(as, changed), []);
  });
}

test('values that a role may see do change its answers, so the test looks in the right places', async () => {
  const seen: readonly [Role, string, string, string][] = [
    ['issuer', 'Invitation', 'phone', '/admin/invitations/{id}'],
    ['issuer', 'Invitation', 'phone', '/admin/invitations/export'],
    ['admin', 'User', 'phone', '/admin/users'],
    ['admin', 'User', 'birthday', '/admin/users/{id}'],
    ['admin', 'operator_keys', 'hint', '/admin/keys'],
  ];
  for (const [role, table, name, path] of seen) {
    const column = columns.find((one) => one.table === table && one.name === name) ?? assert.fail(`${table}.${name} is gone`);
    const asked = routes.filter((route) => route.path === path);
    const as = await answersTo(role, asked);
    const changed = await whileChanged([column], () => answersTo(role, asked));
    assert.ok(differing(as, changed).length > 0, `${role}: ${table}.${name}`);
  }
});
