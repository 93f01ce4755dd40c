import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startFragileProxy } from '../../test/support/fragile-proxy.ts';
import { newDeadline } from '../../test/support/new-deadline.ts';
import { findPostgresqlBinaries } from '../../test/support/postgresql-binaries.ts';
import { farewell, startSpeakingServer, welcome } from '../../test/support/speaking-server.ts';
import { freePort } from '../../test/support/temporary.ts';
import { testServerUrl } from '../../test/support/test-server.ts';
import type { PostgresqlAddress } from '../config/config.ts';
import { parsePostgresqlUrl } from '../config/postgresql-address.ts';
import { statement } from './database.ts';
import { isUnavailable, sqlstate } from './database-errors.ts';
import { explainConnectionFailure } from './explain-connection.ts';
import { queryOf, withClient } from './open.ts';
import { openPostgresql } from './postgresql.ts';

const hasServer = process.env.TEST_DATABASE_URL || findPostgresqlBinaries();
const skip = hasServer ? false : 'no PostgreSQL: TEST_DATABASE_URL is not set and no server programs were found';

const one = statement<{ one: number }>('one', 'SELECT 1 AS one');

async function addressOf(hosts: readonly string[]): Promise<PostgresqlAddress> {
  const reading = parsePostgresqlUrl((await testServerUrl()).replace(/@[^/]*/, `@${hosts.join(',')}`));
  assert.ok('address' in reading);
  return reading.address;
}

/** A way to the server of this run, which can end and begin again on the same port. */
async function way(t: TestContext) {
  const url = new URL(await testServerUrl());
  const proxy = await startFragileProxy({ host: url.hostname, port: Number(url.port) });
  t.after(() => proxy.stop());
  return { proxy, host: `127.0.0.1:${proxy.port}` };
}

/** A database that looks like a standby's. */
async function readOnlyDatabase(t: TestContext): Promise<string> {
  const name = `standby_${Math.random().toString(36).slice(2)}`;
  const address = await addressOf([new URL(await testServerUrl()).host]);
  const run = (sql: string) => withClient(address, (client) => queryOf(client)(sql));
  await run(`CREATE DATABASE ${name}`);
  t.after(() => run(`DROP DATABASE ${name} WITH (FORCE)`));
  await run(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  return name;
}

test('where the first server cannot be reached the next one is used, at once and from then on', { skip }, async (t) => {
  const [second, unused] = [await way(t), await freePort()];
  const address = await addressOf([`127.0.0.1:${unused}`, second.host]);
  assert.deepEqual(await withClient(address, (client) => queryOf(client)('SELECT 1 AS one')), [{ one: 1 }]);
  const database = openPostgresql(address, { poolSize: 2 });
  t.after(() => database.close());
  assert.deepEqual(await database.run(one, [], newDeadline()), [{ one: 1 }]);
});

test('where the server in use goes away the other one is used', { skip }, async (t) => {
  const [first, second] = [await way(t), await way(t)];
  const database = openPostgresql(await addressOf([first.host, second.host]), { poolSize: 2 });
  t.after(() => database.close());
  await Promise.all([database.run(one, [], newDeadline()), database.run(one, [], newDeadline())]);
  first.proxy.stop();
  // What became of the connections is known when their statements fail, or before.
  await Promise.allSettled([database.run(one, [], newDeadline()), database.run(one, [], newDeadline())]);
  assert.deepEqual(await database.run(one, [], newDeadline()), [{ one: 1 }]);
});

test('a server that takes no writes is not used, and that is said', { skip }, async (t) => {
  const [first, second] = [await way(t), await way(t)];
  const address = { ...(await addressOf([first.host, second.host])), database: await readOnlyDatabase(t) };
  const refusal = await withClient(address, async () => undefined).catch((error: unknown) => error);
  assert.equal(sqlstate(refusal), '25006');
  assert.match(
    explainConnectionFailure(refusal, address) ?? '',
    /No server of DATABASE_URL takes writes \(127\.0\.0\.1:\d+ or 127\.0\.0\.1:\d+\)/,
  );
  const database = openPostgresql(address, { poolSize: 2 });
  t.after(() => database.close());
  await assert.rejects(database.run(one, [], newDeadline()), (error) => sqlstate(error) === '25006');
  assert.deepEqual(database.connections?.(), { total: 0, idle: 0, waiting: 0 });
});

test('a server that greets and ends the connection in one breath is no more than unavailable', async (t) => {
  const reading = parsePostgresqlUrl(await startSpeakingServer(t, [Buffer.concat([welcome, farewell('57P01')])]));
  assert.ok('address' in reading);
  const database = openPostgresql(reading.address, { poolSize: 2 });
  t.after(() => database.close());
  for (let time = 0; time < 20; time += 1) await assert.rejects(database.run(one, [], newDeadline()), (error) => isUnavailable(error));
});
