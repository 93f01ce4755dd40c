import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { isNoCodeOfOurs } from '../../src/invitations/code-shape.ts';
import type { ShownInvitation } from '../../src/invitations/invitation-view.ts';
import { openApplication } from '../support/application.ts';
import { bodyOf } from '../support/hostile-bodies.ts';
import { hostileText, planted, wrongType } from '../support/hostile-values.ts';
import { inTime } from '../support/in-time.ts';

/** `CHODAE_TEST_CASES=20000` is the long form. A failure prints the seed; `CHODAE_TEST_SEED` repeats it. */
const cases = Number(process.env.CHODAE_TEST_CASES ?? 400);
const seed = process.env.CHODAE_TEST_SEED;

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const { http, query, services } = application;

const code = fc.oneof(
  fc.stringMatching(/^[0-9A-Za-z]{5}(-[0-9A-Za-z]{5}){0,4}$/),
  fc.string({ unit: fc.constantFrom('A', '초', '\u110e\u1169', 'Ａ', '-', '.', '~', '\u3164', '\u200d', 'é', 'ß'), maxLength: 70 }),
);
const count = fc.constantFrom(-1, 0, 1, 2, 3, 1.5, 12, 13, 40, 41, 1_000_001, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, 1e-7);
const moment = fc.oneof(
  fc.constantFrom(
    '2090-01-01T00:00:00Z',
    '2090-06-30T23:59:60Z',
    '2090-02-30T00:00:00Z',
    '+275760-09-13T00:00:00Z',
    '10000-01-01T00:00:00Z',
  ),
  fc.constantFrom(
    '0000-01-01T00:00:00Z',
    '1970-01-01T00:00:00+23:59',
    '9999-12-31T23:59:59.999999999-23:59',
    'infinity',
    'now',
    '7d',
    '1e3d',
  ),
  fc.constantFrom('99999999y', '0.001 minutes', '3650d', '10y', '-1d', 'NaN', '２０９０-01-01T00:00:00Z', '2090-01-01t00:00:00z'),
);
const phone = fc.constantFrom('010-2938-4756', '+82 10 2938 4756', '01029384756', '010-2938-475', '+1 202 555 0123', '０１０');
const label = fc.constantFrom('spring', '.', '..', ' 봄 ', 'a/b', '%2e', '=1+1', "'; DROP TABLE campaigns; --");
const value = fc.oneof(
  { weight: 5, arbitrary: fc.oneof(code, count, moment, phone, label) },
  { weight: 2, arbitrary: hostileText },
  { weight: 1, arbitrary: wrongType },
);
const fields = [
  'code',
  'count',
  'prefix',
  'length',
  'max_uses',
  'starts_at',
  'expires_at',
  'valid_for',
  'campaign',
  'note',
  'phone',
] as const;
const fitting: Readonly<Record<(typeof fields)[number], fc.Arbitrary<unknown>>> = {
  code,
  count,
  prefix: code,
  length: count,
  max_uses: count,
  starts_at: moment,
  expires_at: moment,
  valid_for: moment,
  campaign: fc.oneof(label, hostileText),
  note: fc.oneof(label, hostileText),
  phone,
};
const body = fc
  .uniqueArray(fc.constantFrom(...fields), { maxLength: 5 })
  .chain((chosen) =>
    fc.tuple(
      ...chosen.map((field) =>
        fc.tuple(fc.constant(field), fc.oneof({ weight: 4, arbitrary: fitting[field] }, { weight: 1, arbitrary: value })),
      ),
    ),
  )
  .map((entries) => JSON.stringify(Object.fromEntries(entries)));

/** What a request may change: the row counts, and all of the newest rows. */
async function stored() {
  const sql = `SELECT (SELECT count(*) FROM "Invitation") AS invitations, (SELECT count(*) FROM campaigns) AS campaigns,
    (SELECT count(*) FROM audit_log) AS entries, (SELECT count(*) FROM idempotency_keys) AS keys`;
  return (await query<Record<'invitations' | 'campaigns' | 'entries' | 'keys', number>>(sql))[0] ?? assert.fail();
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what no label may have.
const unusable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef]/;

/** The rules, implemented a second time. */
function assertAcceptable(invitation: ShownInvitation): void {
  const { code, campaign, note, phone, starts_at, expires_at, seats, status } = invitation;
  assert.match(code, /^[\p{L}\p{Nd}._~-]{1,71}$/u);
  assert.ok(code === code.normalize('NFC') && !isNoCodeOfOurs(code));
  for (const [text, maximum] of [
    [campaign, 64],
    [note, 500],
  ] as const) {
    if (text === null) continue;
    assert.ok(
      text.isWellFormed() && !unusable.test(text) && text === text.trim().normalize('NFC') && [...text].length <= maximum && text !== '',
    );
  }
  if (phone !== null) assert.match(phone, /^\+8210\d{8}$/);
  for (const moment of [starts_at, expires_at]) if (moment !== null) assert.match(moment, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.ok(seats.total >= 1 && seats.total <= 1_000_000);
  assert.ok(status === 'usable' || status === 'not_started');
}

const outcomes = new Map<number, number>();

test(`${cases} generated bodies: invitations by the rules, or a clear error and no change`, async () => {
  const property = fc.asyncProperty(fc.oneof({ weight: 5, arbitrary: body }, { weight: 1, arbitrary: bodyOf(fields) }), async (sent) => {
    const before = await stored();
    const headers = { authorization: `Bearer ${services.localKey}`, 'content-type': 'application/json' };
    const payload = typeof sent === 'string' ? sent : Buffer.from(sent ?? []);
    const { statusCode, body: text } = await inTime(http.inject({ method: 'POST', url: '/admin/invitations', headers, payload }));
    outcomes.set(statusCode, (outcomes.get(statusCode) ?? 0) + 1);
    const answer = JSON.parse(text);
    if (statusCode === 201) {
      for (const invitation of answer.invitations) assertAcceptable(invitation);
      const after = await stored();
      assert.deepEqual([after.invitations, after.entries], [before.invitations + answer.invitations.length, before.entries + 1]);
      return;
    }
    assert.ok([400, 409, 413, 422].includes(statusCode), `${statusCode} ${text}`);
    assert.equal(answer.status, statusCode);
    assert.ok(!text.includes(planted), text);
    assert.deepEqual(await stored(), before);
  });
  await fc.assert(property, { numRuns: cases, ...(seed !== undefined && { seed: Number(seed) }) });
});

test('they reached every outcome', { skip: cases < 400 && 'too few to reach all of it' }, (context) => {
  context.diagnostic(JSON.stringify(Object.fromEntries(outcomes)));
  for (const status of [201, 400, 422]) assert.ok((outcomes.get(status) ?? 0) > 5, `${status}: ${outcomes.get(status) ?? 0}`);
});
