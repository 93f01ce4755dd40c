import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { readSamples } from '../support/prometheus-text.ts';
import { insertInvitation } from '../support/ready-sessions.ts';
import { startServerGroup } from '../support/server-group.ts';
import { type Answer, signUpClient } from '../support/sign-up-client.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** Seconds after which something that should have come will not. */
const patienceSeconds = 60;
/** Milliseconds for which the event loop is held up again and again: above the limit of half a second. */
const hold = 650;

/** A module that, loaded before the program, holds up its event loop for as long as a file is there; its threads are left alone. */
function holdingModule(file: string): string {
  return `data:text/javascript,${encodeURIComponent(`
    import { existsSync } from 'node:fs';
    import { isMainThread } from 'node:worker_threads';
    if (isMainThread) setInterval(() => {
      const until = performance.now() + (existsSync(${JSON.stringify(file)}) ? ${hold} : 0);
      while (performance.now() < until);
    }, 5).unref();`)}`;
}

test('while the event loop is late a share of the requests is refused at once, health is answered, and all of it ends by itself', async () => {
  const folder = temporaryFolder('late');
  const file = path.join(folder.path, 'hold');
  const settings = { METRICS_PORT: '0', NODE_OPTIONS: `--import ${holdingModule(file)}` };
  await using group = await startServerGroup({ count: 1, kind: 'postgresql', settings });
  await insertInvitation(group.query, 'LATE');
  const [server] = group.servers;
  const { verify, send } = signUpClient(server?.url ?? '');
  const shed = async () => {
    const metrics = /Metrics +(http\S+)/.exec(server?.output() ?? '')?.[1] ?? assert.fail('no metrics');
    return readSamples(await (await fetch(metrics)).text()).get('chodae_shed_requests_total');
  };
  const crowd = () => Promise.all(Array.from({ length: 20 }, () => verify('LATE')));
  assert.deepEqual(new Set([...(await crowd()), ...(await crowd())].map(({ status }) => status)), new Set([200]));
  assert.equal(await shed(), 0);

  writeFileSync(file, '');
  const deadline = Date.now() + patienceSeconds * 1000;
  const answers: Answer[] = [];
  while (!answers.some(isShed)) {
    assert.ok(Date.now() < deadline, 'no request was refused');
    answers.push(...(await crowd()));
  }
  const operators = await Promise.all(Array.from({ length: 20 }, () => send('GET', '/admin/invitations')));
  const health = await Promise.all(Array.from({ length: 20 }, (_, index) => send('GET', index % 2 ? '/healthz' : '/readyz')));
  rmSync(file);

  assert.deepEqual(new Set(health.map(({ status }) => status)), new Set([200]));
  const all = [...answers, ...operators];
  for (const { headers } of all.filter(isShed)) assert.match(headers.get('retry-after') ?? '', /^[1-5]$/);
  assert.equal(await shed(), all.filter(isShed).length);
  // A share and not everybody. Without a key those who go on are 401: the refusal comes before the key is looked at.
  assert.deepEqual(new Set(operators.map(({ status }) => status)), new Set([401, 503]));
  assert.ok(answers.some(({ status }) => status === 200));

  for (let inARow = 0; inARow < 40; ) {
    assert.ok(Date.now() < deadline, 'it does not end');
    inARow = (await verify('LATE')).status === 200 ? inARow + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  folder.remove();
});

/** Where the loop is as late as this, the database may be thought not to answer; that is another refusal. */
function isShed({ status, body }: Answer): boolean {
  return status === 503 && body.code === 'overloaded';
}
