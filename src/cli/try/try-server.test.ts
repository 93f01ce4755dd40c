import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ContractServerOptions, startContractServer } from '../../../test/support/contract-server.ts';
import { linePrinter, reportAsJson } from './print-results.ts';
import { type TryOptions, type TryReport, tryServer } from './try-server.ts';

type Server = Awaited<ReturnType<typeof startContractServer>>;

test('a server that keeps the contract passes every check, and gains one user and no session', async () => {
  await using server = await startContractServer({ codes: { TEST001: 'used', TEST003: 'free', TEST004: 'free', TEST005: 'free' } });
  const { report } = await tryIt(server);
  assert.deepEqual(failures(report), []);
  assert.deepEqual(skips(report), []);
  assert.equal(report.code, 'TEST003');
  assert.deepEqual([server.state.users, server.state.sessions.size], [1, 0]);
  assert.deepEqual(freeCodes(server), ['TEST004', 'TEST005']);
  assert.equal(report.checks[0]?.name, 'invitation_verify', 'the whole sign-up comes first');
  assert.match(report.closing.join('\n'), /^TEST003 is used up now\.$.*chodae seed.*ON CONFLICT/ms);
});

test('a server that sends everybody to HTTPS fails, and the reader is told what to do', async () => {
  await using server = await startContractServer({ spoil: (_request, answer) => ({ ...answer, status: 308 }) });
  const { report } = await tryIt(server);
  assert.ok(failures(report).length > 0);
  assert.equal(report.closing.length, 1);
  assert.match(report.closing[0] ?? '', /HTTPS/);
});

test('one usable code is enough for every check', async () => {
  await using server = await startContractServer({ codes: { TEST002: 'free' } });
  const { report } = await tryIt(server);
  assert.deepEqual([failures(report), skips(report)], [[], []]);
  assert.deepEqual([server.state.users, server.state.sessions.size, freeCodes(server).length], [1, 0, 0]);
});

test('a given code is the only one shown; whether it is used up cannot be told while it has seats left', async () => {
  await using server = await startContractServer({ codes: { TEST001: 'free', BETA: 'two seats' } });
  const { report } = await tryIt(server, { code: 'BETA' });
  assert.deepEqual([failures(report), skips(report)], [[], ['invitation_used']]);
  assert.deepEqual([server.state.users, server.state.sessions.size], [1, 0]);
  assert.deepEqual(report.closing, ['One seat of BETA is used now.']);
});

test('an empty code, as from an unset variable of a script, is not taken for none', async () => {
  await using server = await startContractServer();
  const { report } = await tryIt(server, { code: '' });
  assert.ok(failures(report).length > 0);
  assert.deepEqual([server.state.users, freeCodes(server).length], [0, 2]);
});

test('without a usable code the rest is still checked, and the reader learns how to get codes', async () => {
  await using server = await startContractServer({ codes: { TEST001: 'used' } });
  const { report } = await tryIt(server);
  assert.deepEqual(failures(report), ['usable_code']);
  assert.ok(skips(report).includes('phone') && skips(report).includes('steps_incomplete'));
  assert.ok(report.checks.some((check) => check.name === 'malformed_json' && check.ok));
  assert.match(report.closing.join('\n'), /chodae seed.*INSERT INTO "Invitation"/s);
  assert.equal(report.code, null);
});

test('read-only shows no code that could be good', async () => {
  await using server = await startContractServer();
  const { report } = await tryIt(server, { readOnly: true });
  assert.deepEqual(failures(report), []);
  assert.ok(report.checks.length >= 15);
  assert.ok(!server.state.requests.some(({ text }) => /"TEST00/.test(text)));
  assert.deepEqual([server.state.users, server.state.sessions.size, report.code], [0, 0, null]);
});

test('a server behind a path prefix is tried there', async () => {
  await using server = await startContractServer({ prefix: '/beta/api' });
  assert.deepEqual(failures((await tryIt(server)).report), []);
});

test('no answer goes unjudged: whichever one is spoilt, a check fails and no session stays', async () => {
  await using good = await startContractServer();
  await tryIt(good);
  const count = good.state.requests.length;
  assert.ok(count > 30);
  // The very first request only asks whether a server is there.
  for (let spoilt = 1; spoilt < count; spoilt += 1) {
    await using server = await startContractServer({
      spoil: (_request, answer) => (server.state.requests.length === spoilt + 1 ? { ...answer, status: 299 } : answer),
    });
    const { report } = await tryIt(server);
    assert.ok(failures(report).length > 0, `request ${spoilt}: ${server.state.requests[spoilt]?.path}`);
    assert.equal(server.state.sessions.size, 0);
  }
});

const broken: [string, string[], NonNullable<ContractServerOptions['spoil']>][] = [
  [
    'an HTML page where JSON belongs',
    ['name'],
    onPath('name', (answer) => (answer.status < 400 ? { ...answer, body: '<p>', type: 'text/html' } : answer)),
  ],
  ['a good type, but no JSON', ['name'], onPath('name', (answer) => (answer.status < 400 ? { ...answer, body: 'null' } : answer))],
  ['problems as plain JSON', ['malformed_json'], onCode('malformed_json', (body) => ({ body, type: 'application/json' }))],
  ['a detail that is no string', ['malformed_json'], onCode('malformed_json', (body) => ({ body: { ...body, detail: [body] } }))],
  ['another code', ['invitation_used'], onCode('invitation_used', (body) => ({ body: { ...body, code: 'gone' } }))],
  ['no field named', ['missing_field', 'wrong_type'], onCode('validation_failed', (body) => ({ body: { ...body, errors: [] } }))],
  ['nothing said to be missing', ['steps_incomplete'], onCode('steps_incomplete', (body) => ({ body: { ...body, missing: [] } }))],
  ['no Allow field', ['wrong_method'], onCode('method_not_allowed', (body) => ({ body, headers: {} }))],
  ['a page that leads elsewhere', ['docs'], onPath('/docs', (answer) => ({ ...answer, headers: { location: 'http://example.invalid/' } }))],
];

for (const [what, names, spoil] of broken) {
  test(`a server is caught with ${what}`, async () => {
    await using server = await startContractServer({ spoil });
    const { report } = await tryIt(server);
    for (const name of names) assert.ok(failures(report).includes(name), failures(report).join());
    assert.equal(server.state.sessions.size, 0);
  });
}

test('a used test code that admits a second person is caught, and the session that this opened is abandoned', async () => {
  await using server = await startContractServer({
    spoil(_request, answer) {
      for (const seat of server.state.invitations.values()) seat.used = false;
      return answer;
    },
  });
  const { report } = await tryIt(server);
  assert.deepEqual(failures(report), ['invitation_used']);
  assert.equal(server.state.sessions.size, 0);
});

test('sessions that the server does not let go of are told', async () => {
  await using server = await startContractServer({
    spoil: (request, answer) => (request.method === 'DELETE' ? { status: 500, body: {} } : answer),
  });
  assert.deepEqual(failures((await tryIt(server)).report), ['session_abandon', 'sessions_abandoned']);
});

test('a server that hangs from the start, or is not there, is one sentence', async () => {
  await using server = await startContractServer({ spoil: () => 'hang' });
  const hanging = (await tryIt(server, { timeLimitMilliseconds: 100 })).report;
  assert.deepEqual([hanging.reached, hanging.checks.length, hanging.checks[0]?.message], [false, 1, 'no answer within 0.1 s']);
  await server[Symbol.asyncDispose]();
  const gone = (await tryIt(server)).report;
  assert.deepEqual([gone.reached, gone.checks[0]?.message], [false, 'nothing listens at this address']);
});

test('one endpoint that hangs is one failure; a server that fell silent is left alone', async () => {
  await using page = await startContractServer({ spoil: (request, answer) => (request.path === '/redoc' ? 'hang' : answer) });
  assert.deepEqual(failures((await tryIt(page, { timeLimitMilliseconds: 150 })).report), ['redoc']);
  await using server = await startContractServer({
    spoil: (request, answer) => (request.method !== 'DELETE' && server.state.requests.length > 3 ? 'hang' : answer),
  });
  const { report } = await tryIt(server, { timeLimitMilliseconds: 150 });
  assert.deepEqual(failures(report), ['name', 'session_new', 'all_checks_ran']);
  assert.equal(server.state.sessions.size, 0);
});

test('a body that never ends is cut off at the time limit', async () => {
  await using server = await startContractServer({
    spoil: (request, answer) => (request.path === '/redoc' ? { ...answer, headers: { 'content-length': '1000' } } : answer),
  });
  const { report } = await tryIt(server, { timeLimitMilliseconds: 150 });
  assert.deepEqual(failures(report), ['redoc']);
});

test('an interrupted run abandons its sessions', async () => {
  const controller = new AbortController();
  await using server = await startContractServer({
    spoil(request, answer) {
      if (request.path !== '/auth/register/birthday') return answer;
      controller.abort();
      return 'hang';
    },
  });
  const { report } = await tryIt(server, { signal: controller.signal });
  assert.deepEqual(failures(report), ['birthday', 'all_checks_ran']);
  assert.equal(server.state.sessions.size, 0);
});

test('no password, no phone and no whole session id is shown, even by a server that sends everything back', async () => {
  await using server = await startContractServer({
    spoil: (request, answer) =>
      request.path === '/auth/register/phone' ? { status: 500, body: { code: request.text, detail: request.text } } : answer,
  });
  const { report, lines } = await tryIt(server);
  const shown = lines + reportAsJson(report);
  const sent = server.state.requests.flatMap(({ text }) =>
    [...text.matchAll(/"(?:session_id|password|phone)":"([^"]+)"/g)].map((match) => match[1]),
  );
  assert.ok(sent.length > 10);
  for (const secret of sent) assert.ok(!shown.includes(String(secret)));
});

async function tryIt(server: Server, options: Partial<TryOptions> = {}): Promise<{ report: TryReport; lines: string }> {
  let lines = '';
  const printer = linePrinter({ write: (text) => (lines += text) }, 'en');
  const defaults = {
    baseUrl: server.url,
    language: 'en',
    timeLimitMilliseconds: 5000,
    code: undefined,
    readOnly: false,
    printer,
    signal: new AbortController().signal,
  } as const;
  return { report: await tryServer({ ...defaults, ...options }), lines };
}

function failures({ checks }: TryReport): string[] {
  return checks.filter((check) => !check.ok && !check.skipped).map((check) => check.name);
}

function skips({ checks }: TryReport): string[] {
  return checks.filter((check) => check.skipped).map((check) => check.name);
}

function freeCodes({ state }: Server): string[] {
  return [...state.invitations].filter(([, seat]) => !seat.used).map(([code]) => code);
}

type Answer = Parameters<NonNullable<ContractServerOptions['spoil']>>[1];

function onPath(end: string, change: (answer: Answer) => Answer): NonNullable<ContractServerOptions['spoil']> {
  return (request, answer) => (request.path.endsWith(end) ? change(answer) : answer);
}

function onCode(code: string, change: (body: object) => Partial<Answer>): NonNullable<ContractServerOptions['spoil']> {
  return (_request, answer) => {
    const body = answer.body as { code?: string };
    return body?.code === code ? { ...answer, ...change(body) } : answer;
  };
}
