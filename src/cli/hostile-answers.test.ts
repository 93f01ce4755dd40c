import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Command } from 'commander';
import { testContext } from '../../test/support/run-command.ts';
import { CommandError, UsageError } from './exit-codes.ts';
import { addInviteCommand } from './invite.ts';
import { addKeyCommand } from './key.ts';
import { printableJson, printableLines } from './printable.ts';
import { addTryCommand } from './try.ts';

/** What a terminal obeys or a reader cannot see: C0, DEL, C1 with CSI, overrides and isolates, line separators, an invisible tag. */
const nasty = '\x1b]0;x\x07\x7f\x85\x9b31m\u202e\u2066\u2028\u200b\u{e0041}\ufeff';
const raw = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

type Respond = (response: ServerResponse, request: IncomingMessage) => void;
let respond: Respond = () => {};
let server: Server;
let url = '';
const folder = mkdtempSync(path.join(tmpdir(), 'chodae-hostile-'));
const file = path.join(folder, 'codes.csv');

before(async () => {
  writeFileSync(file, 'code\nA\n');
  server = createServer((request, response) => {
    response.on('error', () => {});
    request.resume().on('end', () => respond(response, request));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

/** @returns what it wrote, and what it threw. */
async function run(words: readonly string[], isTTY = false): Promise<{ output: string; error: unknown }> {
  const environment = { CHODAE_OPERATOR_KEY: `chodae_key_${'0'.repeat(40)}` };
  const { context, output } = testContext({ environment, isTTY });
  const program = new Command('chodae').exitOverride();
  for (const add of [addInviteCommand, addKeyCommand, addTryCommand]) add(program, context);
  try {
    await program.parseAsync([...words], { from: 'user' });
    return { output: output(), error: undefined };
  } catch (error) {
    return { output: output(), error };
  }
}

const json = (value: unknown, status = 200, type = 'application/json'): Respond => {
  return (response) => response.writeHead(status, { 'content-type': type }).end(typeof value === 'string' ? value : JSON.stringify(value));
};
const lines = (...values: readonly unknown[]): Respond => {
  const text = values.map((value) => `${typeof value === 'string' ? value : JSON.stringify(value)}\n`).join('');
  return (response) => response.writeHead(200, { 'content-type': 'application/x-ndjson' }).end(text);
};

const seats = { total: 1, used: 0, held: 0, free: 1 };
const moments = { created_at: '2030-01-01T00:00:00.000Z', starts_at: null, expires_at: null, revoked_at: null };
const texts = { code: nasty, link: nasty, campaign: nasty, note: nasty, phone: nasty, created_by: nasty, batch: nasty, version: nasty };
const invitation = { id: 1, status: 'usable', seats, campaign_revoked: false, people: [], ...moments, ...texts };
const withPerson = { ...invitation, people: [{ user_id: 1, name: nasty, created_at: null }] };
const key = { id: 1, label: nasty, role: nasty, hint: nasty, last_used_at: null, ...moments };
/** Something of ours in every place but one. */
const almost = { ...invitation, ...key, items: [invitation], next: null, total: null, invitations: [invitation], key: 'no key' };

const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
/** Answers that are wrong in one member, which not every command reads. */
const mayPass = new Set<Respond>();
const readsAll = (words: readonly string[]) => words[0] === 'invite' && (words[1] === 'list' || words[1] === 'show');
function someRead(answer: Respond): Respond {
  mayPass.add(answer);
  return answer;
}
const member = (name: string, value: unknown) =>
  someRead(json({ ...almost, items: [{ ...almost, [name]: value }], invitations: [{ ...almost, [name]: value }], [name]: value }));

/** What no command may take for an answer of ours. */
const hostile: Readonly<Record<string, Respond>> = {
  'an array': json([]),
  'a text': json('"x"'),
  null: json('null'),
  'no JSON': json(`{${nasty}`),
  nothing: json(''),
  'another type': json(almost, 200, 'text/html'),
  'no members': json({}),
  'a deep answer': json(`{"items":${deep(100_000)}}`),
  'a deep member': json(`{"items":[],"next":null,"total":null,"lines":1,"created":1,"unchanged":1,"dry_run":false,"x":${deep(5_000)}}`),
  'a date that is none': member('created_at', 'yesterday'),
  'a date of the 13th month': member('created_at', '2030-13-01T00:00:00Z'),
  'a number for a date': member('created_at', 1),
  'a status that is none': member('status', '__proto__'),
  'another status': member('status', 'constructor'),
  'a number for a text': member('code', 7),
  'a text for a number': member('id', '1/../../admin'),
  'a fraction for an id': member('id', 1.5),
  'an id beyond all numbers': someRead(json(JSON.stringify(almost).replaceAll('"id":1', '"id":1e999'))),
  'no seats': member('seats', null),
  'seats that are none': member('seats', { total: -1, used: 'x', held: {} }),
  'people that are none': member('people', [null]),
  'items that are none': someRead(json({ ...almost, items: { length: 1e9 }, invitations: 7, key: 7 })),
  'a problem': json({ code: 'x', detail: nasty, errors: [{ field: nasty, code: nasty, message: nasty, more: nasty }] }, 422),
  'a problem without a sentence': json({ code: 'x' }, 500),
  'a problem whose code is none': json({ code: nasty, detail: 'x' }, 400),
  'a problem of arrays': json({ code: ['x'], detail: ['x'], errors: 'x' }, 400),
  'a refusal that is HTML': json(`<h1>${nasty}`, 403, 'text/html'),
  'a redirect': (response) => response.writeHead(302, { location: `http://elsewhere.example/\x9b\x85` }).end(),
  'a redirect to nowhere': (response) => response.writeHead(301).end(),
  'a redirect that is cached': (response) => response.writeHead(304).end(),
  'no content': (response) => response.writeHead(204).end(),
  'an odd status': (response) => response.writeHead(299).end('x'),
  'a truncated answer': (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 }).write('{"items":[');
    setTimeout(() => response.destroy(), 20);
  },
  'a connection that is cut': (response) => void response.destroy(),
  'no HTTP': (response) => void response.socket?.end(`${nasty} what is this\r\n\r\n`),
  'another protocol': (response) =>
    void response.socket?.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
  'header fields without an end': (response) => void response.socket?.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`),
  'an endless answer': (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const more = () => {
      while (!response.destroyed && response.write(' '.repeat(1_000_000)));
    };
    response.on('drain', more);
    more();
  },
  'lines that are none': lines('x', nasty),
  'a line of another shape': lines({ event: 'invitation', id: 1 }),
  'lines of an unknown kind': lines({ event: '__proto__' }),
  'too many codes': lines(...Array.from({ length: 1_002 }, (_, id) => ({ event: 'invitation', id, code: 'x', link: null })), {
    event: 'done',
    created: 1_001,
    batch: 'b',
  }),
  'fewer codes than were made': lines({ event: 'invitation', id: 1, code: 'x', link: null }, { event: 'done', created: 1_001, batch: 'b' }),
  'a failure without a problem': lines({ event: 'failed' }),
  'a failure with an odd problem': lines({ event: 'failed', problem: { status: 409, code: nasty, detail: nasty } }),
  'a line without an end': (response) => response.writeHead(200, { 'content-type': 'application/x-ndjson' }).end('x'.repeat(1_100_000)),
};

/** Each command as it is typed. Those that write a stream to a file take any bytes for it: see the last test. */
const commands: readonly (readonly string[])[] = [
  ['invite', 'list'],
  ['invite', 'list', '--all'],
  ['invite', 'show', 'WELCOME'],
  ['invite', 'show', '12'],
  ['invite', 'create', 'WELCOME'],
  ['invite', 'create', '--count', '1001'],
  ['invite', 'create', '--count', '1001', '--output', '-', '--format', 'ndjson'],
  ['invite', 'revoke', 'WELCOME', '--yes'],
  ['invite', 'restore', 'WELCOME', '--yes'],
  ['invite', 'revoke', '--campaign', 'spring', '--yes'],
  ['invite', 'restore', '--campaign', 'spring', '--yes'],
  ['invite', 'release', 'WELCOME', '--all', '--yes'],
  ['invite', 'import', file],
  ['key', 'list'],
  ['key', 'create', '--label', 'x', '--role', 'viewer'],
  ['key', 'revoke', '3', '--yes'],
];

function assertClean(text: string, what: string): void {
  assert.doesNotMatch(text, raw, `${what}: ${JSON.stringify(text)}`);
  assert.doesNotMatch(text, /\n\s+at .*[:(]\d+/, what);
}

/** As `chodae.ts` tells it: a sentence and exit code 1, or 2; anything else would be a stack trace. */
function assertRefused(error: unknown, what: string): void {
  assert.ok(
    error instanceof CommandError || error instanceof UsageError,
    `${what}: ${error instanceof Error ? error.stack : String(error)}`,
  );
  assertClean(printableLines(error.message), what);
  if (error instanceof CommandError) assertClean(printableJson(error.problem ?? null, 2), what);
}

for (const words of commands) {
  test(`chodae ${words.slice(0, 2).join(' ')}: whatever a hostile service answers is one sentence`, { timeout: 300_000 }, async () => {
    for (const [name, answer] of Object.entries(hostile)) {
      respond = answer;
      for (const flags of name === 'an endless answer' ? [['--json']] : [[], ['--json']]) {
        const what = `${words.join(' ')} ${flags.join()}: ${name}`;
        const { output, error } = await run([...words, ...flags, '--url', url]);
        if (error !== undefined || !mayPass.has(answer) || readsAll(words)) assertRefused(error, what);
        assertClean(output, what);
      }
    }
  });
}

test('lists that go round in circles are left', { timeout: 120_000 }, async () => {
  respond = json({ items: [], next: 'again', total: null });
  for (const words of [
    ['invite', 'list', '--all'],
    ['key', 'list'],
  ])
    assertRefused((await run([...words, '--url', url])).error, words.join(' '));
});

test('what is shown of an answer of the right shape has no control character, and with --json its value is the same', async () => {
  const answers: readonly (readonly [readonly string[], unknown])[] = [
    [['invite', 'list'], { items: [withPerson], next: nasty, total: { value: 1, relation: 'exact' } }],
    [['invite', 'show', '12'], { ...withPerson, items: [withPerson] }],
    [['invite', 'create', 'WELCOME'], { invitations: [invitation] }],
    [['invite', 'revoke', '12', '--yes'], { ...invitation, items: [invitation] }],
    [['invite', 'restore', '--campaign', 'spring', '--yes'], { campaign: nasty }],
    [['invite', 'import', file], { dry_run: false, lines: 1, created: 1, unchanged: 0, batch: nasty, errors: [nasty] }],
    [['key', 'list'], { items: [key], next: null }],
    [['key', 'revoke', '3', '--yes'], key],
  ];
  for (const [words, answer] of answers) {
    respond = json(answer);
    const plain = await run([...words, '--url', url]);
    assert.equal(plain.error, undefined, words.join(' '));
    assertClean(plain.output, words.join(' '));
    const asJson = await run([...words, '--json', '--url', url]);
    assertClean(asJson.output, words.join(' '));
    assert.doesNotMatch(asJson.output, /(?!\n)\p{C}/u);
    assert.ok(JSON.stringify(JSON.parse(asJson.output)).includes(JSON.stringify(nasty).slice(1, -1)), words.join(' '));
  }
  respond = lines(...Array.from({ length: 1_001 }, (_, id) => ({ event: 'invitation', id, code: nasty, link: null })), {
    event: 'done',
    created: 1_001,
    batch: nasty,
  });
  for (const more of [[], ['--json'], ['--output', '-', '--format', 'ndjson']]) {
    const { output, error } = await run(['invite', 'create', '--count', '1001', ...more, '--url', url]);
    assert.equal(error, undefined);
    assertClean(output, more.join(' '));
    if (more.length > 0) assert.equal((JSON.parse(output.split('\n')[0] ?? '') as { code: string }).code, nasty);
  }
});

test('an export to the terminal obeys nothing that is in it', async () => {
  respond = lines({ code: nasty }, nasty);
  const { output, error } = await run(['invite', 'export', '--json', '--url', url]);
  assert.equal(error, undefined);
  assertClean(output, 'export');
  assert.equal((JSON.parse(output.split('\n')[0] ?? '') as { code: string }).code, nasty);
  respond = (response) => response.writeHead(200, { 'content-type': 'text/csv' }).end(`code\r\n${nasty}\r\nover\rwritten\r\n`);
  const csv = await run(['invite', 'export', '--url', url], true);
  assertClean(csv.output.replaceAll('\r\n', '\n'), 'export as CSV');
});

test('chodae try tells of a hostile service what it expected, and nothing that a terminal would obey', { timeout: 300_000 }, async () => {
  for (const [name, answer] of Object.entries(hostile)) {
    if (name.includes('codes') || name === 'an endless answer') continue;
    respond = answer;
    for (const flags of [['--read-only'], ['--read-only', '--json'], ['--code', 'WELCOME']]) {
      const { output, error } = await run(['try', url, ...flags]);
      assert.equal(error, undefined, name);
      assertClean(output, name);
    }
  }
});
