import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { findPgbouncer, startPgbouncer } from './pgbouncer.ts';
import { startPostgresql } from './postgresql.ts';
import { findPostgresqlBinaries } from './postgresql-binaries.ts';

const skip = findPostgresqlBinaries() && findPgbouncer() ? false : 'no PostgreSQL and PgBouncer programs on this machine';

test('the pooler shares connections by transaction and refuses what poolers refuse', { skip }, async () => {
  await using server = await startPostgresql();
  await using pooler = await startPgbouncer({ target: server.url, defaultPoolSize: 1 });
  const first = new pg.Client({ connectionString: pooler.url });
  const second = new pg.Client({ connectionString: pooler.url });
  await Promise.all([first.connect(), second.connect()]);
  const statement = 'SELECT current_user AS who, current_database() AS what, pg_backend_pid() AS pid';
  const [one, other] = [(await first.query(statement)).rows[0], (await second.query(statement)).rows[0]];
  assert.deepEqual(one, { who: 'chodae', what: 'chodae', pid: one.pid });
  assert.deepEqual(other, one);
  await first.query({ name: 's1', text: 'SELECT 1' });
  await assert.rejects(second.query({ name: 's1', text: 'SELECT 2' }), { code: '42P05' });
  await Promise.all([first.end(), second.end()]);

  const demanding = new pg.Client({ connectionString: pooler.url, statement_timeout: 1000 });
  await assert.rejects(demanding.connect(), /unsupported startup parameter/);
});
