import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { after, before, test } from 'node:test';
import { testDatabaseKind } from '../support/empty-database.ts';
import { findPgbouncer, startPgbouncer } from '../support/pgbouncer.ts';
import { findPostgresqlBinaries } from '../support/postgresql-binaries.ts';
import { type RoleDatabase, type RoleServer, startRoleServer } from '../support/role-server.ts';
import { runChodae } from '../support/run-chodae.ts';
import { startServer } from '../support/server-process.ts';
import { signUpClient } from '../support/sign-up-client.ts';

const skip = testDatabaseKind() === 'postgresql' && findPostgresqlBinaries() ? false : 'needs a PostgreSQL server of its own';
let server: RoleServer;
before(async () => {
  if (skip) return;
  server = await startRoleServer('ordinary');
  const database = await server.database('roles');
  for (const sql of ["CREATE ROLE neighbour LOGIN PASSWORD 'invited'", 'CREATE ROLE team NOLOGIN', 'GRANT team TO neighbour'])
    await database.ask(sql);
});
after(() => server?.[Symbol.asyncDispose]());

const key = `chodae_key_${'0'.repeat(38)}ee`;

/** What each function does with the rights of its caller: it gives its owner every table, and an admin key. */
const takeover = `
  EXECUTE 'GRANT ALL ON ALL TABLES IN SCHEMA public TO neighbour';
  EXECUTE $q$INSERT INTO public.operator_keys (label, role, key_hash, hint, created_by) VALUES ('evil', 'admin',
    encode(sha256('${key}'::bytea), 'hex'), 'x', 'local') ON CONFLICT DO NOTHING$q$;`;

const plpgsql = (name: string, returns: string, result: string) =>
  `CREATE FUNCTION public.${name} RETURNS ${returns} LANGUAGE plpgsql AS $f$ BEGIN ${takeover} ${result} END $f$`;

/** Overloads that PostgreSQL prefers to the functions our statements mean, each with the statement that removes it. */
const overloads: readonly (readonly [create: string, drop: string])[] = [
  [
    plpgsql(
      'chodae_open_seat_session(double precision, text, double precision)',
      'TABLE (session_expires_at timestamptz, seat_free_at timestamptz)',
      'RETURN QUERY SELECT * FROM public.chodae_open_seat_session($1::integer, $2, $3);',
    ),
    'DROP ROUTINE public.chodae_open_seat_session(double precision,text,double precision);',
  ],
  [
    plpgsql('make_interval(secs text)', 'interval', 'RETURN pg_catalog.make_interval(secs => $1::double precision);'),
    'DROP ROUTINE public.make_interval(text);',
  ],
  [plpgsql('unnest(text[])', 'SETOF text', 'RETURN QUERY SELECT pg_catalog.unnest($1);'), 'DROP ROUTINE public.unnest(text[]);'],
  [plpgsql('lower(varchar)', 'text', 'RETURN pg_catalog.lower($1::text);'), 'DROP ROUTINE public.lower(character varying);'],
];

interface Asked {
  readonly code: number | null;
  readonly said: string;
}

/** A start that should be refused but is not ends after a while. */
async function run(words: readonly string[], url: string, more: Readonly<Record<string, string>> = {}): Promise<Asked> {
  const onBegin = (child: ChildProcess) => {
    const late = setTimeout(() => child.kill('SIGKILL'), 60_000);
    child.once('exit', () => clearTimeout(late));
  };
  const { code, stdout, stderr } = await runChodae(words, { environment: { DATABASE_URL: url, ...more }, onBegin });
  return { code, said: `${stdout}${stderr}` };
}

/** Creates a database whose schema `public` is as in PostgreSQL 13 and 14: every role may create in it. */
async function databaseAsOf14(name: string, schemaOwner: 'postgres' | 'pg_database_owner'): Promise<RoleDatabase> {
  const database = await server.database(name);
  await database.ask(`ALTER SCHEMA public OWNER TO ${schemaOwner}`);
  await database.ask('GRANT CREATE, USAGE ON SCHEMA public TO PUBLIC');
  return database;
}

async function assertNothingGained(database: RoleDatabase): Promise<void> {
  for (const table of ['"User"', '"Invitation"', 'operator_keys', 'audit_log']) {
    await assert.rejects(database.ask(`SELECT * FROM public.${table}`, 'neighbour'), { code: '42501' }, table);
  }
  assert.deepEqual(await database.ask(`SELECT label FROM public.operator_keys WHERE label = 'evil'`), []);
}

/** Everything that a visitor can make our statements do. */
async function signUps(url: string, database: RoleDatabase): Promise<void> {
  await database.ask(`INSERT INTO public."Invitation" (code, max_uses) VALUES ('ONE', 1), ('SEATS', 3) ON CONFLICT DO NOTHING`, 'chodae');
  const client = signUpClient(url);
  for (const code of ['ONE', 'SEATS']) {
    const { step, answer } = await client.signUp(code);
    assert.deepEqual([step, answer.status], ['phone', 200], JSON.stringify(answer.body));
  }
  assert.equal((await fetch(`${url}/admin/me`, { headers: { authorization: `Bearer ${key}` } })).status, 401);
}

test('if every role may create and our role owns the schema, migrate and serve revoke that right and say so', { skip }, async () => {
  const database = await databaseAsOf14('closable', 'pg_database_owner');
  const found = await run(['doctor'], database.url);
  assert.equal(found.code, 1);
  assert.match(
    found.said,
    /✗ other roles: Another role .* every role \(PUBLIC\) may create functions in the schema public\.\n +Run: npx chodae migrate/,
  );
  const migrated = await run(['migrate'], database.url);
  assert.equal(migrated.code, 0, migrated.said);
  assert.match(migrated.said, /CREATE on the schema public was taken from PUBLIC/);
  await using service = await startServer({ environment: { DATABASE_URL: database.url } });
  for (const [sql] of overloads) await assert.rejects(database.ask(sql, 'neighbour'), { code: '42501' }, sql);
  await signUps(service.url, database);
  await assertNothingGained(database);
  const after = await run(['doctor'], database.url);
  assert.equal(after.code, 0, after.said);
  assert.match(after.said, /✓ other roles: /);

  await database.ask('GRANT CREATE ON SCHEMA public TO PUBLIC');
  await using again = await startServer({ environment: { DATABASE_URL: database.url } });
  assert.match(again.output(), /CREATE on the schema public was taken from PUBLIC/);
  await assert.rejects(database.ask(overloads[0]?.[0] ?? '', 'neighbour'), { code: '42501' });
});

test('if our role cannot revoke it, nothing starts, and the message has the SQL to run', { skip }, async () => {
  const database = await databaseAsOf14('foreign_schema', 'postgres');
  for (const words of [['migrate'], ['serve', '--port', '0'], ['seed']]) {
    const { code, said } = await run(words, database.url);
    assert.equal(code, 1, words[0]);
    assert.match(
      said,
      /every role \(PUBLIC\) may create functions in the schema public\. Nothing was changed\. Run as postgres or a superuser: REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT CREATE ON SCHEMA public TO chodae; Or .*\?schema=chodae/,
    );
    assert.doesNotMatch(said, /\n {4}at /);
  }
  const doctor = await run(['doctor'], database.url);
  assert.equal(doctor.code, 1);
  assert.match(doctor.said, /✗ other roles: .*\n +Run as postgres or a superuser: REVOKE CREATE ON SCHEMA public FROM PUBLIC;/);
  assert.deepEqual(await database.ask(`SELECT tablename FROM pg_tables WHERE schemaname IN ('public', 'drizzle')`), []);

  await database.ask('REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT CREATE ON SCHEMA public TO chodae');
  const migrated = await run(['migrate'], database.url);
  assert.equal(migrated.code, 0, migrated.said);
});

test('a schema of our own, as the message recommends, needs no other role', { skip }, async () => {
  const database = await databaseAsOf14('own_schema', 'postgres');
  for (const [sql] of overloads.slice(1)) await database.ask(sql, 'neighbour');
  await using service = await startServer({ environment: { DATABASE_URL: `${database.url}?schema=chodae` } });
  await database.ask(`INSERT INTO chodae."Invitation" (code, max_uses) VALUES ('SEATS', 3)`);
  const { answer } = await signUpClient(service.url).signUp('SEATS');
  assert.equal(answer.status, 200);
  await assert.rejects(database.ask('SELECT * FROM chodae."User"', 'neighbour'), { code: '42501' });
  assert.equal((await run(['doctor'], `${database.url}?schema=chodae`)).code, 0);
});

test('functions that another role created before us are found, and none of them is called', { skip }, async () => {
  const database = await databaseAsOf14('planted', 'pg_database_owner');
  for (const [sql] of overloads) await database.ask(sql, 'neighbour');
  await database.ask(
    `CREATE FUNCTION public.quote_ident(name) RETURNS text LANGUAGE plpgsql AS $f$ BEGIN
       EXECUTE 'GRANT ALL ON SCHEMA public TO neighbour'; RETURN pg_catalog.quote_ident($1::text); END $f$`,
    'neighbour',
  );
  await database.ask(
    `CREATE FUNCTION public.is_same(text, varchar) RETURNS boolean LANGUAGE sql AS 'SELECT true';
     CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = varchar, FUNCTION = public.is_same)`,
    'neighbour',
  );
  for (const words of [['migrate'], ['serve', '--port', '0'], ['doctor'], ['sweep']]) {
    const { code, said } = await run(words, database.url);
    assert.equal(code, 1, words[0]);
    if (words[0] === 'sweep') continue;
    for (const [, drop] of overloads) assert.ok(said.includes(drop), `${words[0]} names ${drop}: ${said}`);
    assert.ok(said.includes('DROP ROUTINE public.quote_ident(name);'), said);
    assert.ok(said.includes('DROP OPERATOR public.= (text,character varying);'), said);
  }
  assert.deepEqual(await database.ask(`SELECT tablename FROM pg_tables WHERE schemaname IN ('public', 'drizzle')`), []);
  assert.deepEqual(
    await database.ask(`SELECT FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'public' AND grantee = 'neighbour'::regrole`),
    [],
    'the planted quote_ident ran',
  );

  // What the message says to run is enough.
  const { said } = await run(['migrate'], database.url);
  const sql = / superuser: (.*) Or keep/.exec(said)?.[1] ?? '';
  await database.ask(sql);
  const migrated = await run(['migrate'], database.url);
  assert.equal(migrated.code, 0, migrated.said);
  await using service = await startServer({ environment: { DATABASE_URL: database.url } });
  await signUps(service.url, database);
  await assertNothingGained(database);
});

const grants: readonly (readonly [name: string, grant: string, revoke: string])[] = [
  ['to the role itself', 'GRANT CREATE ON SCHEMA public TO neighbour', 'REVOKE CREATE ON SCHEMA public FROM neighbour;'],
  ['to a role of which it is a member', 'GRANT CREATE ON SCHEMA public TO team', 'REVOKE CREATE ON SCHEMA public FROM team;'],
];
for (const [name, grant, revoke] of grants) {
  test(`CREATE that was granted ${name} is refused, never revoked silently`, { skip }, async () => {
    const database = await server.database(`granted_${revoke.length}`);
    assert.equal((await run(['migrate'], database.url)).code, 0);
    await database.ask(grant);
    for (const words of [['migrate'], ['serve', '--port', '0'], ['sweep']]) {
      const { code, said } = await run(words, database.url);
      assert.equal(code, 1, words[0]);
      assert.ok(said.includes(revoke), said);
    }
    assert.deepEqual(await database.ask(`SELECT has_schema_privilege('neighbour', 'public', 'CREATE') AS may`), [{ may: true }]);
    await database.ask(revoke);
    assert.equal((await run(['migrate'], database.url)).code, 0);
  });
}

test('roles without login, superusers and members of our own role are trusted', { skip }, async () => {
  const database = await server.database('no_strangers');
  for (const sql of [
    'CREATE ROLE dashboard_user NOLOGIN',
    'CREATE ROLE second_superuser SUPERUSER LOGIN',
    'CREATE ROLE colleague LOGIN',
    'GRANT chodae TO colleague',
    'GRANT CREATE ON SCHEMA public TO dashboard_user, second_superuser, colleague, chodae',
  ])
    await database.ask(sql);
  const migrated = await run(['migrate'], database.url);
  assert.equal(migrated.code, 0, migrated.said);
  assert.equal((await run(['doctor'], database.url)).code, 0);
});

test('a table and a trigger of another role are refused, even if we are a superuser', { skip }, async () => {
  const database = await databaseAsOf14('planted_table', 'postgres');
  await database.ask(
    `CREATE TABLE public."User" (id serial PRIMARY KEY, name text, password text, birthday text, phone text, "invitationId" int)`,
    'neighbour',
  );
  await database.ask('REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT CREATE ON SCHEMA public TO chodae');
  for (const url of [database.url, database.urlOf('postgres', 'invited')]) {
    const { code, said } = await run(['migrate'], url);
    assert.equal(code, 1);
    assert.match(said, /the role neighbour owns public\."User", which should be ours/);
  }
  await database.ask('DROP TABLE public."User"');
  assert.equal((await run(['migrate'], database.url)).code, 0);

  await database.ask('CREATE SCHEMA theirs AUTHORIZATION neighbour');
  await database.ask('GRANT TRIGGER ON public."User" TO neighbour', 'chodae');
  const granted = await run(['doctor'], database.url);
  assert.equal(granted.code, 0);
  assert.match(
    granted.said,
    /! other roles: .*neighbour has TRIGGER on public\."User"\n +Run: REVOKE TRIGGER ON public\."User" FROM neighbour;/,
  );
  await database.ask(
    `CREATE FUNCTION theirs.spy() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN ${takeover} RETURN NEW; END $f$;
     CREATE TRIGGER spy BEFORE INSERT ON public."User" FOR EACH ROW EXECUTE FUNCTION theirs.spy()`,
    'neighbour',
  );
  const spied = await run(['serve', '--port', '0'], database.url);
  assert.equal(spied.code, 1);
  assert.match(
    spied.said,
    /the trigger spy on public\."User" runs a function of the role neighbour\..*DROP TRIGGER spy ON public\."User";/,
  );
});

test("a schema that another role creates under our role's name changes nothing, before the start or after it", { skip }, async () => {
  const database = await server.database('name_of_ours');
  assert.equal((await run(['migrate'], database.url)).code, 0);
  await database.ask('GRANT CREATE ON DATABASE name_of_ours TO neighbour');
  await using service = await startServer({ environment: { DATABASE_URL: database.url, DATABASE_POOL_SIZE: '2' } });
  await database.ask('CREATE SCHEMA chodae; GRANT USAGE ON SCHEMA chodae TO PUBLIC', 'neighbour');
  await database.ask(plpgsql('make_interval(secs text)', 'interval', 'RETURN NULL;').replace('public.', 'chodae.'), 'neighbour');
  await database.ask(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'chodae' AND datname = 'name_of_ours'`);
  await signUps(service.url, database);
  await assertNothingGained(database);
  const { code, said } = await run(['serve', '--port', '0'], database.url);
  assert.equal(code, 1);
  assert.match(said, /the role neighbour owns the schema chodae.*ALTER SCHEMA chodae OWNER TO chodae;/);
});

test('existing tables move into a schema of their own as docs/guides/database.md says', { skip }, async () => {
  const database = await server.database('moved');
  assert.equal((await run(['migrate'], database.url)).code, 0);
  await database.ask(`INSERT INTO public."Invitation" (code, max_uses) VALUES ('SEATS', 3)`, 'chodae');
  const relations = await database.ask<{ name: string }>(
    `SELECT oid::regclass AS name FROM pg_class WHERE relkind = 'r' AND relnamespace IN ('public'::regnamespace, 'drizzle'::regnamespace)`,
  );
  const functions = await database.ask<{ name: string; bare: string }>(
    `SELECT oid::regprocedure AS name, proname AS bare FROM pg_proc WHERE pronamespace = 'public'::regnamespace`,
  );
  assert.ok(relations.length > 10 && functions.length > 0);
  await database.ask('CREATE SCHEMA chodae', 'chodae');
  for (const { name } of relations) await database.ask(`ALTER TABLE ${name} SET SCHEMA chodae`, 'chodae');
  for (const { name, bare } of functions) {
    await database.ask(`ALTER FUNCTION ${name} SET SCHEMA chodae`, 'chodae');
    await database.ask(`ALTER FUNCTION chodae.${bare} SET search_path = chodae, pg_temp`, 'chodae');
  }
  await using service = await startServer({ environment: { DATABASE_URL: `${database.url}?schema=chodae` } });
  assert.equal((await signUpClient(service.url).signUp('SEATS')).answer.status, 200);
});

test('behind a transaction pooler every schema on the search path counts, and one that another role could put before ours is reported', {
  skip: skip || (findPgbouncer() ? false : 'no PgBouncer on this machine'),
}, async () => {
  const database = await server.database('pooled');
  assert.equal((await run(['migrate'], database.url)).code, 0);
  await database.ask('GRANT CREATE ON DATABASE pooled TO neighbour');
  const through = async (words: readonly string[]) => {
    await using pooler = await startPgbouncer({ target: database.url });
    return await run(words, pooler.url, { DIRECT_URL: database.url });
  };
  const warned = await through(['doctor']);
  assert.equal(warned.code, 0, warned.said);
  assert.match(warned.said, /! other roles: behind the pooler the search path begins with "\$user", a schema that neighbour may make/);

  await database.ask(
    'CREATE SCHEMA extensions; GRANT USAGE ON SCHEMA extensions TO PUBLIC; GRANT CREATE ON SCHEMA extensions TO neighbour',
  );
  await database.ask('ALTER DATABASE pooled SET search_path = public, extensions');
  for (const words of [['serve', '--port', '0'], ['doctor'], ['sweep']]) {
    const { code, said } = await through(words);
    assert.equal(code, 1, words[0]);
    assert.match(said, /the role neighbour may create functions in the schema extensions\./);
  }
  // A direct connection looks into one schema.
  await using service = await startServer({ environment: { DATABASE_URL: database.url } });
  await database.ask(plpgsql('make_interval(secs text)', 'interval', 'RETURN NULL;').replace('public.', 'extensions.'), 'neighbour');
  await signUps(service.url, database);
  await assertNothingGained(database);

  await database.ask('DROP SCHEMA extensions CASCADE');
  await database.ask('ALTER DATABASE pooled SET search_path = public');
  const closed = await through(['doctor']);
  assert.equal(closed.code, 0, closed.said);
  assert.match(closed.said, /✓ other roles: /);
});
