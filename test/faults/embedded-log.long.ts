import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { embeddedFolder } from '../support/embedded-folder.ts';
import { recordFault } from '../support/fault-record.ts';
import { insertInvitation } from '../support/ready-sessions.ts';
import { startServer } from '../support/server-process.ts';
import { type SignUpClient, samplePerson, signUpClient } from '../support/sign-up-client.ts';

/** Fewer only to try this file. */
const minutes = Number(process.env.CHODAE_LOG_MINUTES ?? 12);
const mostMegabytes = 64;
const people = 16;

function megabytesOf(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    // A file may be recycled between the two calls.
    if (entry.isFile()) bytes += statSync(path.join(folder, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes / 2 ** 20;
}

test(`the embedded database's log stays below ${mostMegabytes} MB however long it is written to`, async (context) => {
  await using folder = await embeddedFolder();
  await folder.whileClosed((query) => insertInvitation(query, 'LOG'));
  await using server = await startServer({ environment: { ...folder.environment, LOG_LEVEL: 'warn' } });
  const client = signUpClient(server.url);
  const until = performance.now() + minutes * 60_000;
  let writes = 0;
  const working = Promise.all(
    Array.from({ length: people }, async () => {
      while (performance.now() < until) writes += await writeOn(client);
    }),
  );
  let most = 0;
  while (performance.now() < until) {
    most = Math.max(most, megabytesOf(path.join(folder.directory, 'pg_wal')));
    await delay(500);
  }
  await working;
  const summary = `${writes.toLocaleString('en')} writes in ${minutes} minutes; pg_wal held ${most.toFixed(0)} MB at most, looked at twice a second`;
  context.diagnostic(summary);
  assert.ok(most <= mostMegabytes, summary);
  recordFault({
    name: 'embedded-log',
    fault: `the embedded database written to by ${people} people as fast as it takes it, for ${minutes} minutes`,
    demand: `pg_wal never holds more than ${mostMegabytes} MB`,
    seen: summary,
  });
});

/** Storing a birthday again and again is nothing but writing. @returns how many writes there were. */
async function writeOn(client: SignUpClient): Promise<number> {
  const { status, body } = await client.verify('LOG');
  assert.equal(status, 200);
  const steps = 50;
  for (let step = 0; step < steps; step += 1) {
    const saved = await client.birthday(body.sessionId ?? '', samplePerson().birthday);
    assert.equal(saved.status, 200);
  }
  return steps + 1;
}
