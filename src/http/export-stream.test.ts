import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { openSocket, readToEnd } from '../../test/support/raw-http.ts';
import { createSampleApp, type SampleApp, sampleFaults } from '../../test/support/sample-http-app.ts';
import { type ExportFormat, sendExport } from './export-stream.ts';

interface Row {
  readonly id: number;
  readonly name: string | null;
}

const at = new Date('2026-01-01T09:00:00.000Z');
const columns = [
  { name: 'id', value: (row: Row) => row.id },
  { name: 'name', value: (row: Row) => row.name },
  { name: 'odd', value: (row: Row) => row.id % 2 === 1 },
  { name: 'at', value: () => at },
];

/** What the route `/export` sends next, and what happened to it. */
let batches: () => AsyncGenerator<readonly Row[]>;
let given = 0;
let ended = false;

async function* several(...of: readonly (readonly Row[])[]): AsyncGenerator<readonly Row[]> {
  yield* of;
}

async function* failing(...of: readonly (readonly Row[])[]): AsyncGenerator<readonly Row[]> {
  yield* of;
  throw of.length === 0 ? sampleFaults.busy?.() : sampleFaults.database?.();
}

/** Endless batches of about 100 kB. */
async function* endless(): AsyncGenerator<readonly Row[]> {
  try {
    for (;;) {
      given += 1;
      yield Array.from({ length: 1_000 }, (_, id) => ({ id, name: 'x'.repeat(60) }));
    }
  } finally {
    ended = true;
  }
}

let sample: SampleApp;
let port: number;
before(async () => {
  sample = await createSampleApp((app) => {
    app.get('/export', { schema: { hide: true } }, (request, reply) => {
      const { format } = request.query as { format: ExportFormat };
      return sendExport(reply, { format, name: 'rows', columns, batches: batches() });
    });
  });
  await sample.app.listen({ port: 0, host: '127.0.0.1' });
  port = (sample.app.server.address() as AddressInfo).port;
});
after(() => sample.app.close());
beforeEach(() => {
  sample.lines.length = 0;
  [given, ended] = [0, false];
});

const fetchExport = (format: ExportFormat, method: 'GET' | 'HEAD' = 'GET') =>
  sample.app.inject({ method, url: `/export?format=${format}` });
const csvLines = (payload: string) => payload.split('\r\n');

test('CSV has a byte order mark, a header line, CRLF, and quotes where needed', async () => {
  const names = ['홍길동', 'a,b', 'say "no"', 'two\nlines', '<b>bold</b>', '', null, ' around '];
  batches = () => several(...names.map((name, index) => [{ id: index + 1, name }]));
  const answer = await fetchExport('csv');
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.headers['content-type'], 'text/csv; charset=utf-8');
  assert.equal(answer.headers['content-disposition'], 'attachment; filename="rows.csv"');
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.equal(answer.headers['content-length'], undefined);
  const cells = ['홍길동', '"a,b"', '"say ""no"""', '"two\nlines"', '<b>bold</b>', '', '', ' around '];
  assert.deepEqual(csvLines(answer.payload), [
    '\ufeffid,name,odd,at',
    ...cells.map((cell, index) => `${index + 1},${cell},${(index + 1) % 2 === 1},2026-01-01T09:00:00.000Z`),
    '',
  ]);
});

test('a cell that a spreadsheet would evaluate begins with an apostrophe', async () => {
  const payloads = [
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '＝1',
    '＋1',
    '－1',
    '＠1',
    '="a"&"b"',
    "=cmd|' /C calc'!A0",
    "'=1",
    "''+1",
  ];
  batches = () =>
    several(
      payloads.map((name, id) => ({ id, name })),
      [{ id: -5, name: "it's" }],
    );
  const { payload } = await fetchExport('csv');
  const written = csvLines(payload).slice(1, -1);
  const cells = [
    "'=1+1",
    "'+1",
    "'-1",
    "'@SUM(A1)",
    "'\t=1",
    '"\'\r=1"',
    "'＝1",
    "'＋1",
    "'－1",
    "'＠1",
    '"\'=""a""&""b"""',
    "'=cmd|' /C calc'!A0",
    // Removing one apostrophe gives back the original.
    "''=1",
    "'''+1",
  ];
  assert.deepEqual(
    written.map((line) => line.split(',').slice(0, -2).join()),
    [...cells.map((cell, id) => `${id},${cell}`), "-5,it's"],
  );
});

test('NDJSON has one object per line, with unchanged text', async () => {
  batches = () => several([{ id: 1, name: '=1+1\n"' }], [], [{ id: 2, name: null }]);
  const answer = await fetchExport('ndjson');
  assert.equal(answer.headers['content-type'], 'application/x-ndjson; charset=utf-8');
  assert.equal(answer.headers['content-disposition'], 'attachment; filename="rows.ndjson"');
  const lines = answer.payload.split('\n');
  assert.equal(lines.pop(), '');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [
      { id: 1, name: '=1+1\n"', odd: true, at: at.toISOString() },
      { id: 2, name: null, odd: false, at: at.toISOString() },
    ],
  );
});

test('an empty export is the header line in CSV, and no line in NDJSON', async () => {
  for (const none of [() => several(), () => several([], [])]) {
    batches = none;
    assert.equal((await fetchExport('csv')).payload, '\ufeffid,name,odd,at\r\n');
    assert.equal((await fetchExport('ndjson')).payload, '');
  }
});

test('HEAD sends the same headers and reads one batch', async () => {
  batches = endless;
  const { statusCode, headers, payload } = await fetchExport('csv', 'HEAD');
  assert.deepEqual([statusCode, headers['content-type'], payload], [200, 'text/csv; charset=utf-8', '']);
  assert.equal(headers['content-length'], undefined);
  assert.equal(given, 1);
});

test('a failure before the first batch gets a normal error response', async () => {
  batches = () => failing();
  const answer = await fetchExport('csv');
  assert.equal(answer.statusCode, 503);
  assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8');
  assert.equal(answer.headers['content-disposition'], undefined);
  assert.equal(answer.json().code, 'sample_busy');
});

test('a later failure closes the connection, and one error line says where, without values', async () => {
  batches = () => failing([{ id: 1, name: '홍길동' }]);
  const received = await readToEnd(await ask());
  assert.match(received, /200 OK[\s\S]*홍길동/);
  assert.ok(!received.endsWith('0\r\n\r\n'), 'the response looks complete');
  const errors = sample.lines.filter(({ level }) => Number(level) >= 50);
  assert.deepEqual(
    errors.map(({ msg, route, error }) => ({ msg, route, error })),
    [
      {
        msg: 'response aborted by an error',
        route: '/export',
        error: { sqlstate: '23505', constraint: 'User_phone_key_key', table: 'User', routine: '_bt_check_unique', severity: 'ERROR' },
      },
    ],
  );
  assert.ok(!JSON.stringify(sample.lines).includes('secret canary'));
});

async function ask() {
  const socket = await openSocket(port);
  socket.write('GET /export?format=csv HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  return socket;
}

/** Waits until nothing more is read, however long that takes. */
async function untilStill(): Promise<number> {
  for (let before = -1; ; ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (given === before && given > 0) return given;
    before = given;
  }
}

test('rows are read as fast as the client reads, and only while it is connected', async () => {
  batches = endless;
  const socket = await ask();
  socket.pause();
  // How much the two sockets' buffers hold is up to the operating system: some MiB.
  const held = await untilStill();
  assert.ok(held < 500, `${held} batches of 100 kB were read for a client that reads nothing`);
  assert.equal(ended, false);
  socket.destroy();
  const gone = await untilStill();
  assert.ok(gone <= held + 2, `${gone - held} batches were read for a client that had left`);
  assert.equal(ended, true);
  assert.deepEqual(
    sample.lines.filter(({ level }) => Number(level) >= 40),
    [],
    'a client that disconnects is not an error',
  );
});
