import assert from 'node:assert/strict';
import { type ClientRequest, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openApplication } from '../support/application.ts';
import { bulkClient, eventsOf } from '../support/bulk-client.ts';
import { type KeyMade, makeKey } from '../support/operator-scenes.ts';

/** A file that arrives slowly does not keep other operators from creating or importing invitations. */
const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const { query, http } = application;
let port: number;
let slow: KeyMade;
let others: readonly KeyMade[];
const open: ClientRequest[] = [];

before(async () => {
  await http.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = http.server.address() as AddressInfo);
  slow = await makeKey(application, 'issuer', 'a slow line');
  others = [await makeKey(application, 'issuer', 'another'), await makeKey(application, 'issuer', 'a third')];
});
beforeEach(async () => {
  for (const upload of open.splice(0)) upload.destroy();
  await placesTaken(0);
  await query('DELETE FROM "Invitation"');
});
after(() => {
  for (const upload of open) upload.destroy();
});

interface Upload {
  readonly sent: ClientRequest;
  readonly answer: Promise<{ status: number; text: string; retryAfter: string | undefined }>;
}

/** Starts an upload of many bytes and sends some of them. */
function begin({ key }: KeyMade, text: string, bytes = 60_000_000): Upload {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'text/csv', 'content-length': String(bytes) };
  const sent = request({ host: '127.0.0.1', port, method: 'POST', path: '/admin/invitations/import', headers, agent: false });
  open.push(sent);
  const answer = new Promise<Awaited<Upload['answer']>>((resolve, reject) => {
    sent.once('error', reject);
    sent.once('response', (response) => {
      let whole = '';
      response.on('data', (chunk: Buffer) => {
        whole += chunk;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text: whole, retryAfter: response.headers['retry-after'] }));
    });
  });
  answer.catch(() => undefined);
  sent.write(text);
  return { sent, answer };
}
/** Waits until so many files are being uploaded: started ones have reached the use case, ended ones have left it. */
async function placesTaken(files: number): Promise<void> {
  for (const end = performance.now() + 30_000; performance.now() < end; await sleep(10)) {
    if (application.services.invitations.uploads.taken === files) return;
  }
  assert.fail(`${application.services.invitations.uploads.taken} files under way, not ${files}`);
}

test('during a slow upload others can import and create invitations, and the file is stored in the end', async () => {
  const head = 'code\r\nSLOW-1\r\n';
  const tail = 'SLOW-2\r\n';
  const { sent, answer } = begin(slow, head, head.length + tail.length);
  await placesTaken(1);
  const client = bulkClient(application, others[0]?.key);
  assert.equal((await client.import('code\r\nQUICK-1\r\n')).status, 200);
  const made = await client.create({ count: 3 });
  assert.deepEqual([made.status, eventsOf(made, 'invitation').length], [200, 3]);
  assert.deepEqual(await query(`SELECT code FROM "Invitation" WHERE code LIKE 'SLOW%'`), []);
  sent.end(tail);
  const { status, text } = await answer;
  assert.deepEqual([status, JSON.parse(text).created], [200, 2]);
});

test('an operator may upload two files at a time; the third is refused at once, and others are not affected', async () => {
  begin(slow, 'code\r\n');
  begin(slow, 'code\r\n');
  await placesTaken(2);
  const { status, text, retryAfter } = await begin(slow, 'code\r\n').answer;
  assert.deepEqual([status, JSON.parse(text).code, retryAfter], [503, 'import_busy', '10']);
  assert.equal((await bulkClient(application, others[0]?.key).import('code\r\nQUICK-2\r\n')).status, 200);
});

test('at most four files are uploaded at a time', async () => {
  const [another, third] = others;
  assert.ok(another && third);
  for (const operator of [slow, slow, another, another]) begin(operator, 'code\r\n');
  await placesTaken(4);
  const refused = await bulkClient(application, third.key).import('code\r\nQUICK-3\r\n');
  assert.deepEqual([refused.status, refused.body.code], [503, 'import_busy']);
  assert.equal((await bulkClient(application, third.key).create({ count: 1 })).status, 200);
});

test('a client that disconnects in the middle of its file frees its place', async () => {
  const uploads = [begin(slow, 'code\r\n'), begin(slow, 'code\r\n')];
  await placesTaken(2);
  for (const { sent } of uploads) sent.destroy();
  const client = bulkClient(application, slow.key);
  for (let times = 0; times < 100; times += 1) {
    if ((await client.import(`code\r\nAGAIN-${times}\r\n`)).status === 200) return;
    await sleep(50);
  }
  assert.fail('the places never came back');
});

test('a file that is being checked waits for the one before it', async () => {
  const client = bulkClient(application, slow.key);
  const answers = await Promise.all([
    client.create({ count: 4_000 }),
    ...others.map(({ key }, at) => bulkClient(application, key).import(`code\r\nWAITS-${at}\r\n`)),
  ]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  );
});
