import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { testContext } from '../../../test/support/run-command.ts';
import { temporaryFolder } from '../../../test/support/temporary.ts';
import { createApiClient } from '../api-client.ts';
import type { Operator } from '../as-operator.ts';
import { CommandError } from '../exit-codes.ts';
import { translate } from '../messages.ts';
import { createMany } from './create-many.ts';

const codes = Array.from({ length: 1_200 }, (_, index) => ({ id: index + 1, code: `CODE-${index + 1}`, link: null }));
const line = (event: object) => `${JSON.stringify(event)}\n`;
const invited = (from: number, to: number) =>
  codes
    .slice(from, to)
    .map((code) => line({ event: 'invitation', ...code }))
    .join('');
const done = line({ event: 'done', created: codes.length, batch: 'b' });

/** Runs the command against a service that answers the first, second … request by `answers`. @returns what became of it. */
async function create(answers: readonly ((response: ServerResponse, request: IncomingMessage) => void)[]) {
  const folder = temporaryFolder('many');
  const file = path.join(folder.path, 'codes.ndjson');
  const keys: (string | string[] | undefined)[] = [];
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/x-ndjson; charset=utf-8');
    answers[keys.push(request.headers['idempotency-key']) - 1]?.(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { context } = testContext();
  const client = createApiClient({ place: { url }, key: 'key', language: 'en', signal: context.signal });
  const say: Operator['say'] = (sentence, values) => translate({ sentence, ...(values && { values }) }, 'en');
  const failure: unknown = await createMany(
    { ...context, client, say, timeZone: 'UTC' },
    { count: 1_200, output: file, json: true },
    {},
  ).then(
    () => undefined,
    (error: unknown) => error,
  );
  client.close();
  server.closeAllConnections();
  server.close();
  const written = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  folder.remove();
  return { failure, keys, written };
}

test('an answer that is lost half-way is asked for again with the same key, and no code is written twice', async () => {
  const { failure, keys, written } = await create([
    (response, request) => void response.write(invited(0, 700), () => setTimeout(() => request.socket.destroy(), 50)),
    (response) => response.end(line({ event: 'progress', created: 1_200, of: 1_200 }) + invited(0, 1_200) + done),
  ]);
  assert.equal(failure, undefined);
  assert.equal(written, codes.map(line).join(''));
  assert.equal(keys.length, 2);
  assert.ok(keys[0] && keys[0] === keys[1]);
});

test('where the answer is lost for good, people learn what is known, and no part of a file is left', async () => {
  const cut = (response: ServerResponse, request: IncomingMessage) =>
    void response.write(line({ event: 'progress', created: 1, of: 1_200 }), () => setTimeout(() => request.socket.destroy(), 50));
  const nobodyKnows = await create([cut, cut]);
  assert.ok(nobodyKnows.failure instanceof CommandError);
  assert.match(nobodyKnows.failure.message, /does not answer.* Either all of the invitations were made or none/);
  assert.deepEqual([nobodyKnows.keys.length, nobodyKnows.written], [2, undefined]);

  const cutLater = (response: ServerResponse, request: IncomingMessage) =>
    void response.write(invited(0, 700), () => setTimeout(() => request.socket.destroy(), 50));
  const allMade = await create([cutLater, cutLater]);
  assert.ok(allMade.failure instanceof CommandError);
  assert.match(allMade.failure.message, /All of the invitations were made/);
  assert.equal(allMade.written, undefined);
});

test('a refusal in the answer is a refusal', async () => {
  const problem = { status: 409, code: 'campaign_revoked', detail: 'The campaign is revoked.' };
  const { failure, keys } = await create([(response) => response.end(line({ event: 'failed', problem }))]);
  assert.ok(failure instanceof CommandError);
  assert.deepEqual([failure.message, failure.problem, keys.length], [problem.detail, { status: 409, code: 'campaign_revoked' }, 1]);
  const late = await create([(response) => response.end(line({ event: 'failed', created: 1_200, batch: 'b', problem }))]);
  assert.ok(late.failure instanceof CommandError);
  assert.match(late.failure.message, /^The campaign is revoked\. All of the invitations were made/);
});
