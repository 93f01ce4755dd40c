import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import pg from 'pg';
import { startPostgresql } from './postgresql.ts';
import { findPostgresqlBinaries } from './postgresql-binaries.ts';

const skip = findPostgresqlBinaries() ? false : 'no PostgreSQL server programs on this machine';

test('a killed server starts again with what was committed, and leaves nothing when it goes', { skip }, async () => {
  const server = await startPostgresql({ settings: { max_connections: '20' } });
  await ask(server.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  server.process.kill('SIGKILL');
  await server.start();
  assert.deepEqual(await ask(server.url, 'SELECT answer FROM kept'), [{ answer: 42 }]);
  await server.stop('fast');
  await assert.rejects(ask(server.url, 'SELECT 1'), { code: 'ECONNREFUSED' });
  await server.start();
  assert.deepEqual(await ask(server.adminUrl, 'SHOW max_connections'), [{ max_connections: '20' }]);
  await server[Symbol.asyncDispose]();
  assert.equal(existsSync(server.socketDirectory), false);
});

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
