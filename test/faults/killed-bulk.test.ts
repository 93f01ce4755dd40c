import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { embeddedFolder } from '../support/embedded-folder.ts';
import { type EmptyDatabase, emptyDatabase } from '../support/empty-database.ts';
import { testRounds } from '../support/rounds.ts';
import { type ServerProcess, startServer } from '../support/server-process.ts';
import { storeOperator } from '../support/stored-operator.ts';

/** A database and how to start a server on it; looks behind the scenes happen while no server runs. */
interface Scene extends AsyncDisposable {
  readonly count: number;
  readonly headers: Readonly<Record<string, string>>;
  start(): Promise<ServerProcess>;
  look<T>(work: (query: EmptyDatabase['query']) => Promise<T>): Promise<T>;
}

async function onEmbedded(): Promise<Scene> {
  const folder = await embeddedFolder();
  return {
    count: 5_000,
    headers: await folder.whileClosed((query) => storeOperator(query)),
    start: () => startServer({ environment: { ...folder.environment, LOG_LEVEL: 'warn' } }),
    look: (work) => folder.whileClosed(work),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

async function onPostgresql(): Promise<Scene> {
  const database = await emptyDatabase('postgresql');
  const start = () => startServer({ environment: { ...database.environment, LOG_LEVEL: 'warn' } });
  await (await start()).stop(); // Makes the tables.
  return {
    count: 20_000,
    headers: await storeOperator(database.query),
    start,
    async look(work) {
      // The server process of a killed client notices it at the end of its statement.
      const others = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'chodae'`;
      while ((await database.query(others)).length > 0) await delay(10);
      return work(database.query);
    },
    [Symbol.asyncDispose]: () => database.drop(),
  };
}

type Line = Readonly<Record<string, unknown>>;

/** Reads the lines of an answer until it ends, or breaks off because the server is gone. */
async function* linesOf(answer: Promise<Response>): AsyncGenerator<Line, void> {
  let rest = '';
  try {
    const { body } = await answer;
    for await (const chunk of body ?? []) {
      const lines = (rest + Buffer.from(chunk as Uint8Array).toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line);
    }
  } catch (error) {
    assert.ok(error instanceof TypeError, 'the connection breaks off, and nothing else goes wrong');
  }
}

function bulk({ url }: ServerProcess, { headers, count }: Scene, key: string): AsyncGenerator<Line, void> {
  const sent = { ...headers, 'content-type': 'application/json', 'idempotency-key': key };
  return linesOf(fetch(`${url}/admin/invitations/bulk`, { method: 'POST', headers: sent, body: JSON.stringify({ count, campaign: key }) }));
}

/** @returns how many rows there are of what a request with this key and campaign leaves behind. */
async function traces(scene: Scene, key: string): Promise<{ invitations: number; campaigns: number; keys: number; entries: number }> {
  const [row] = await scene.look((query) =>
    query<{ invitations: number; campaigns: number; keys: number; entries: number }>(
      `SELECT (SELECT count(*) FROM "Invitation" WHERE campaign = $1) AS invitations, (SELECT count(*) FROM campaigns WHERE name = $1) AS campaigns,
         (SELECT count(*) FROM idempotency_keys WHERE key = $1) AS keys, (SELECT count(*) FROM audit_log WHERE after->>'campaign' = $1) AS entries`,
      [key],
    ),
  );
  assert.ok(row);
  return row;
}

/** Asks for a batch and kills the server when told to. @returns the codes that came before that. */
async function killedAt(scene: Scene, key: string, isTime: (line: Line) => boolean, milliseconds?: number): Promise<string[]> {
  const server = await scene.start();
  const codes: string[] = [];
  if (milliseconds !== undefined) setTimeout(() => void server.kill(), milliseconds);
  for await (const line of bulk(server, scene, key)) {
    if (line.event === 'invitation') codes.push(String(line.code));
    if (isTime(line)) void server.kill();
  }
  await server.kill();
  return codes;
}

/** Repeats the request with its key: whatever became of the first, the batch is there once afterwards. */
async function assertRepeatCompletes(scene: Scene, key: string, known: readonly string[]): Promise<void> {
  const server = await scene.start();
  const codes = new Set<unknown>();
  let last: Line = {};
  try {
    for await (const line of bulk(server, scene, key)) {
      if (line.event === 'invitation') codes.add(line.code);
      last = line;
    }
  } finally {
    await server.stop();
  }
  assert.deepEqual([last.event, codes.size], ['done', scene.count]);
  for (const code of known) assert.ok(codes.has(code), 'a code that was told is none of the batch');
  assert.deepEqual(await traces(scene, key), { invitations: scene.count, campaigns: 1, keys: 1, entries: 1 });
}

for (const [name, open] of [
  ['embedded', onEmbedded],
  ['PostgreSQL', onPostgresql],
] as const) {
  test(`${name}: a server killed in the middle of a batch leaves nothing of it, and the repeated request makes it once`, async () => {
    await using scene = await open();
    const key = randomUUID();
    const codes = await killedAt(scene, key, ({ event, created }) => event === 'progress' && Number(created) * 3 > scene.count);
    assert.deepEqual(codes, []);
    assert.deepEqual(await traces(scene, key), { invitations: 0, campaigns: 0, keys: 0, entries: 0 });
    await assertRepeatCompletes(scene, key, []);
  });

  test(`${name}: a server killed after the commit leaves all of it, and the repeated request tells the same codes`, async () => {
    await using scene = await open();
    const key = randomUUID();
    const codes = await killedAt(scene, key, ({ event }) => event === 'invitation');
    assert.ok(codes.length > 0);
    assert.deepEqual(await traces(scene, key), { invitations: scene.count, campaigns: 1, keys: 1, entries: 1 });
    await assertRepeatCompletes(scene, key, codes);
  });

  test(`${name}: killed at any moment, there is all or nothing, and after the repeated request all of it once`, async (context) => {
    await using scene = await open();
    let whole = 0;
    for (let round = 1; round <= testRounds(1); round += 1) {
      const key = randomUUID();
      const codes = await killedAt(scene, key, () => false, randomInt(1_500));
      const { invitations } = await traces(scene, key);
      assert.ok(invitations === 0 || invitations === scene.count, `${invitations} of ${scene.count} are there`);
      if (codes.length > 0) assert.equal(invitations, scene.count, 'codes were told that are not there');
      if (invitations > 0) whole += 1;
      await assertRepeatCompletes(scene, key, codes);
    }
    context.diagnostic(`${whole} batches were whole already`);
  });

  test(`${name}: a server killed in the middle of an import leaves nothing of the file, and sent again it is all there`, async () => {
    await using scene = await open();
    const fileOf = (name: string) =>
      `code,campaign\n${Array.from({ length: scene.count }, (_, line) => `${name}.${line},${name}\n`).join('')}`;
    const headers = { ...scene.headers, 'content-type': 'text/csv' };
    const send = ({ url }: ServerProcess, name: string) =>
      fetch(`${url}/admin/invitations/import`, { method: 'POST', headers, body: fileOf(name) });
    const killed = await scene.start();
    const begun = performance.now();
    assert.equal((await send(killed, 'first')).status, 200);
    const whole = performance.now() - begun;
    const answered = send(killed, 'file').then(
      ({ status }) => status,
      () => undefined,
    );
    // The file is judged first, in about as long as it is stored.
    await delay(whole * (0.5 + 0.4 * Math.random()));
    await killed.kill();
    const status = await answered;
    const { invitations } = await traces(scene, 'file');
    assert.ok(invitations === 0 || invitations === scene.count, `${invitations} of ${scene.count} are there`);
    if (status === 200) assert.equal(invitations, scene.count);

    const server = await scene.start();
    const again = (await (await send(server, 'file')).json()) as Line;
    await server.stop();
    assert.deepEqual([again.created, again.unchanged], [scene.count - invitations, invitations]);
    const after = await traces(scene, 'file');
    assert.deepEqual([after.invitations, after.campaigns], [scene.count, 1]);
  });
}
