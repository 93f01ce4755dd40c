import assert from 'node:assert/strict';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AdminRoute, adminRoutes } from '../support/admin-routes.ts';
import { sampleRequest } from '../support/admin-samples.ts';
import { openApplication } from '../support/application.ts';
import { invite } from '../support/sign-up-scenes.ts';

/** Operators who keep the database busy take no connections from sign-ups; on the embedded database all share one. */
const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const { query, http, services } = application;
const skip = services.database.kind === 'embedded' && 'the embedded database has one connection';
const headers = { authorization: `Bearer ${services.localKey}` };
let routes: readonly AdminRoute[];
let port: number;

before(async () => {
  routes = (await adminRoutes(application)).filter(({ method }) => method === 'GET');
  await http.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = http.server.address() as AddressInfo);
  await query(`INSERT INTO campaigns (name) VALUES ('spring')`);
});

/**
 * Sends a request whose client can disconnect.
 * @returns the status; 0 if the client disconnected before there was one.
 */
function send(path: string, client?: AbortController): Promise<number> {
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, path, headers, ...(client && { signal: client.signal }) }, (response) => {
      response.resume().once('close', () => resolve(response.statusCode ?? 0));
    });
    asked.once('error', () => resolve(0)).end();
  });
}

async function until(what: string, milliseconds: number, holds: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + milliseconds; performance.now() < end; await sleep(20)) if (await holds()) return;
  assert.fail(`not within ${milliseconds} ms: ${what}`);
}

test('sign-ups, readiness and metrics are answered however many operator requests wait in the database', { skip }, async () => {
  const code = await invite(application);
  // Tables that operators read and sign-ups do not, so that every operator statement waits until its timeout.
  const locked = query(`DO $$ BEGIN LOCK TABLE "User", audit_log IN ACCESS EXCLUSIVE MODE; PERFORM pg_sleep(8); END $$`);
  await sleep(200);
  let isOver = false;
  const answered: number[] = [];
  const crowd = ['/admin/users?total=exact', '/admin/users/export', '/admin/invitations/export', '/admin/audit'].flatMap((path) =>
    Array.from({ length: 12 }, async () => {
      while (!isOver) answered.push(await send(path));
    }),
  );
  await sleep(500);
  const probes: number[] = [];
  for (let times = 0; times < 15; times += 1) {
    probes.push((await application.verify(code)).status, await send('/readyz'), await send('/metrics'));
    await sleep(100);
  }
  isOver = true;
  await Promise.all([...crowd, locked]);
  assert.deepEqual([...new Set(probes)], [200]);
  assert.ok(answered.includes(503), 'nothing waited: the test locks the wrong tables');
});

const marked = `datname = current_database() AND wait_event_type = 'Timeout' AND application_name = 'chodae' AND state = 'active'`;
const sleeping = async () => ((await query<{ n: number }>(`SELECT count(*) AS n FROM pg_stat_activity WHERE ${marked}`))[0]?.n ?? 0) > 0;

/** Until it is restored, reading a row of the table takes 300 s. */
async function whileSlow(table: string, work: () => Promise<void>): Promise<void> {
  await query(`CREATE POLICY slow ON "${table}" USING (pg_sleep(300) IS NOT NULL)`);
  await query(`ALTER TABLE "${table}" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`);
  try {
    await work();
  } finally {
    await query(`ALTER TABLE "${table}" DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY`);
    await query(`DROP POLICY slow ON "${table}"`);
  }
}

const long: readonly [path: string, table: string][] = [
  ['/admin/invitations/export?text=zzzz', 'Invitation'],
  ['/admin/campaigns/spring', 'Invitation'],
  ['/admin/funnel', 'registration_attempts'],
];

for (const [path, table] of long) {
  test(`when the client of ${path} leaves, its statement is cancelled and its place is free`, { skip }, async () => {
    await query(`UPDATE "Invitation" SET campaign = 'spring'`);
    await application.signUp(await invite(application, { campaign: `'spring'` }));
    await whileSlow(table, async () => {
      const clients = Array.from({ length: 6 }, () => new AbortController());
      const left = clients.map((client) => send(path, client));
      await until('it is running', 60_000, sleeping);
      for (const client of clients) client.abort();
      assert.deepEqual(new Set(await Promise.all(left)), new Set([0]));
      // Without that they would end after more than 10 s.
      await until('nothing is running', 8_000, async () => !(await sleeping()));
    });
    assert.equal(await send(path), 200);
  });
}

test('every read below /admin documents that it may be refused while operators keep the database busy', async () => {
  const { paths } = (await http.inject('/openapi.json')).json() as { paths: Record<string, Record<string, { responses: object }>> };
  for (const route of routes) {
    const { responses } = paths[route.path]?.get ?? assert.fail();
    assert.ok(JSON.stringify((responses as Record<string, object>)['503']).includes('operators_busy'), route.path);
  }
});

test('many concurrent reads of every kind are answered or refused, and leave nothing behind', async () => {
  const values = { id: '1', campaign: 'spring' };
  const paths = routes.map((route) => sampleRequest(route, values).path);
  const crowd = await Promise.all(paths.flatMap((path) => Array.from({ length: 10 }, () => send(path))));
  assert.deepEqual(
    crowd.filter((status) => ![200, 404, 503].includes(status)),
    [],
  );
  assert.deepEqual(
    await Promise.all(paths.map((path) => send(path).then((status) => status === 200 || status === 404))),
    paths.map(() => true),
  );
});

test('every operator slice uses the database view that leaves connections free', () => {
  const { invitations, progress, users, operators, registration, database } = services;
  assert.equal(registration.database, database);
  for (const slice of [invitations, progress, users, operators]) assert.notEqual(slice.database, database);
});
