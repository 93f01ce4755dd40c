import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { testDatabaseKind } from '../support/empty-database.ts';
import { runCommand } from '../support/run-command.ts';
import { startServer } from '../support/server-process.ts';

const limits = testDatabaseKind() === 'embedded' ? {} : { limit_windows: 0 };
const nothing = { sessions: 0, receipts: 0, moved_events: 0, attempts: 0, idempotency_keys: 0, audit_log: 0, ...limits };
const due = { ...nothing, sessions: 3, audit_log: 1 };

async function fill({ environment, query }: FreshDatabase): Promise<void> {
  assert.equal((await runCommand(['migrate'], { environment })).code, 0);
  await query(
    `INSERT INTO "RegisterSession" ("sessionId", "invitationId", expires_at) SELECT 'session ' || n, 1, now() - make_interval(hours => n) FROM generate_series(-2, 2) n`,
  );
  await query(
    `INSERT INTO audit_log (at, operator, action, subject) VALUES (now() - interval '800 days', 'an operator', 'user.read', 'user')`,
  );
}

test('chodae sweep --report counts what would go and deletes nothing; chodae sweep deletes it', async () => {
  await using database = await freshDatabase();
  const { environment } = database;
  await fill(database);
  const run = async (...words: string[]) => {
    const { code, stdout, stderr } = await runCommand(['sweep', ...words], { environment });
    assert.deepEqual([code, stderr], [0, '']);
    return stdout;
  };
  assert.deepEqual(JSON.parse(await run('--report', '--json')), { due });
  assert.match(await run('--report'), /^Past their time:\n {2}sessions +3\n(.*\n)+ {2}audit log +1\n/);
  assert.deepEqual(JSON.parse(await run('--json')), { deleted: due });
  assert.deepEqual(JSON.parse(await run('--json')), { deleted: nothing });
  assert.deepEqual(await database.query('SELECT "sessionId" FROM "RegisterSession" ORDER BY 1'), [
    { sessionId: 'session -1' },
    { sessionId: 'session -2' },
  ]);
});

test('chodae sweep neither creates nor migrates a database', async () => {
  await using database = await freshDatabase();
  const refuses = async (environment: Readonly<Record<string, string>>) => {
    for (const words of [['sweep', '--report'], ['sweep']]) {
      const { code, stderr } = await runCommand(words, { environment });
      assert.equal(code, 1);
      assert.match(stderr, /does not have this version's tables yet.*npx chodae migrate/);
    }
  };
  await refuses(database.environment);
  assert.deepEqual(await database.query(`SELECT FROM pg_tables WHERE schemaname IN ('public', 'drizzle')`), []);
  if (testDatabaseKind() !== 'embedded') return;
  const nowhere = `${database.environment.DATA_DIR}-nowhere`;
  await refuses({ DATA_DIR: nowhere });
  assert.equal(existsSync(nowhere), false);
});

test('AUDIT_RETENTION decides what has expired', async () => {
  await using database = await freshDatabase();
  await fill(database);
  const environment = { ...database.environment, AUDIT_RETENTION: '3y' };
  const { stdout } = await runCommand(['sweep', '--report', '--json'], { environment });
  assert.deepEqual(JSON.parse(stdout), { due: { ...due, audit_log: 0 } });
});

test('a service sweeps soon after its start', async () => {
  await using database = await freshDatabase();
  await fill(database);
  await using server = await startServer({ environment: database.environment });
  const deadline = Date.now() + 20_000;
  while (!server.output().includes('expired rows deleted')) {
    assert.ok(Date.now() < deadline, server.output());
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const line =
    server
      .output()
      .split('\n')
      .find((text) => text.includes('expired rows deleted')) ?? '';
  const { sessions, audit_log } = JSON.parse(line);
  assert.deepEqual({ sessions, audit_log }, { sessions: 3, audit_log: 1 });
});
