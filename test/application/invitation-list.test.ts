import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { stateOf } from '../../src/invitations/availability.ts';
import { openApplication } from '../support/application.ts';
import { assertInvalid } from '../support/assert-refused.ts';
import {
  type ImaginedFilters,
  type ImaginedInvitation,
  imaginedFilters,
  imaginedInvitation,
  meets,
  seatsOf,
  statusOf,
  storeImagined,
} from '../support/invitation-model.ts';
import { asOperator, makeKey } from '../support/operator-scenes.ts';
import { testRounds } from '../support/rounds.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const send = asOperator(application);

interface Item {
  readonly id: number;
  readonly status: string;
  readonly seats: object;
}
interface Walk {
  readonly items: readonly Item[];
  readonly pages: number;
  readonly total: { readonly value: number; readonly relation: string };
}

/** Reads from the first page to the last. */
async function walk(query: Readonly<Record<string, string>>): Promise<Walk> {
  const items: Item[] = [];
  let total: Walk['total'] | undefined;
  let cursor: string | null = null;
  for (let pages = 1; ; pages += 1) {
    const asked = new URLSearchParams({ ...query, ...(cursor !== null && { cursor }) });
    const { status, body } = await send('GET', `/admin/invitations?${asked}`);
    assert.equal(status, 200, JSON.stringify(body));
    total ??= body.total as Walk['total'];
    const page = body.items as Item[];
    assert.ok(page.length <= Number(query.limit ?? 50));
    items.push(...page);
    cursor = body.next as string | null;
    if (cursor === null) return { items, pages, total };
    assert.ok(pages < 1_000, 'the list does not end');
  }
}

function written({ fromDaysAgo, toDaysAgo, ...filters }: ImaginedFilters): Record<string, string> {
  const noon = (daysAgo: number) => new Date(Date.now() - (daysAgo + 0.5) * 86_400_000).toISOString();
  return {
    ...filters,
    ...(fromDaysAgo !== undefined && { created_from: noon(fromDaysAgo) }),
    ...(toDaysAgo !== undefined && { created_to: noon(toDaysAgo) }),
  };
}

test('every combination of filters gives what a plain model gives, on pages without a gap or a repetition', async () => {
  const scene = fc.tuple(fc.array(imaginedInvitation, { maxLength: 12 }), fc.array(imaginedFilters, { minLength: 4, maxLength: 4 }));
  await fc.assert(
    fc.asyncProperty(scene, fc.integer({ min: 1, max: 5 }), async ([imagined, filters], limit) => {
      const ids = await storeImagined(application, imagined);
      for (const one of [{}, ...filters]) await assertListed(imagined, ids, one, limit);
    }),
    { numRuns: testRounds(40) },
  );
});

async function assertListed(imagined: readonly ImaginedInvitation[], ids: readonly number[], filters: ImaginedFilters, limit: number) {
  const wanted = ids.filter((_, index) => meets(imagined[index] as ImaginedInvitation, index, filters)).reverse();
  const { items, total } = await walk({ ...written(filters), limit: String(limit) });
  const listed = items.map(({ id }) => id);
  const inOrder =
    ['expired', 'not_started'].includes(filters.status ?? '') || filters.fromDaysAgo !== undefined || filters.toDaysAgo !== undefined;
  assert.deepEqual(inOrder ? [...listed].sort((left, right) => right - left) : listed, wanted, JSON.stringify(filters));
  assert.deepEqual(total, { value: wanted.length, relation: 'exact' }, JSON.stringify(filters));
  for (const { id, status, seats } of items) {
    const one = imagined[ids.indexOf(id)] as ImaginedInvitation;
    assert.deepEqual({ status, seats }, { status: statusOf(one), seats: seatsOf(one) });
  }
}

/** Many pages of rows, with what is looked for behind all the others. */
const distributions: Readonly<Record<string, string>> = {
  'all are used': 'is_used = true',
  'the oldest three are used': 'is_used = n <= 3',
  'the newest expired': `expires_at = CASE WHEN n > 100 THEN now() - n * interval '1 second' END`,
  'all expire at one moment': `expires_at = date_trunc('day', now())`,
  'one campaign has all': `campaign = 'one', is_used = n % 500 = 0`,
  'all are revoked with their campaign': `campaign = 'stopped', is_used = n % 2 = 0`,
  'thirty campaigns are revoked': `campaign = 'stopped-' || n % 40`,
  'the newest did not start': `starts_at = CASE WHEN n > 100 THEN now() + n * interval '1 second' END`,
  'one batch has the oldest': `batch = CASE WHEN n <= 100 THEN '0198c7a2-6f0e-7c41-9d55-2f8f4c1b7a10'::uuid END`,
  'all were made at one moment': `created_at = now() - interval '1 day'`,
  'some are older than the columns': 'created_at = CASE WHEN n % 2 = 0 THEN now() END',
};
const rows = 2_600;
const combinations = [
  {},
  { status: 'usable' },
  { status: 'free' },
  { status: 'used' },
  { status: 'used', campaign: 'one' },
  { status: 'usable', campaign: 'one' },
  { status: 'expired' },
  { status: 'revoked' },
  { status: 'not_started' },
  { batch: '0198c7a2-6f0e-7c41-9d55-2f8f4c1b7a10' },
  { created_from: '2020-01-01T00:00:00Z' },
  { text: 'guest 7' },
] as const;

for (const [name, distribution] of Object.entries(distributions)) {
  test(`where ${name}, nothing is missing, however many pages a walk takes`, async () => {
    await application.query('TRUNCATE "Invitation", "RegisterSession", campaigns');
    await application.query(`INSERT INTO "Invitation" (code, note) SELECT 'C' || n, 'guest ' || n FROM generate_series(1, ${rows}) n`);
    await application.query(
      `UPDATE "Invitation" SET ${distribution} FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM "Invitation") numbered WHERE numbered.id = "Invitation".id`,
    );
    await application.query(
      `INSERT INTO campaigns (name, revoked_at) SELECT DISTINCT campaign, now() FROM "Invitation" WHERE campaign LIKE 'stopped%' AND campaign NOT LIKE '%9'`,
    );
    for (const filters of combinations) {
      const { items, total } = await walk({ ...filters, limit: '400' });
      const ids = items.map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length, `${JSON.stringify(filters)}: something came twice`);
      const wanted = await plainly(filters);
      assert.deepEqual(
        ids.sort((left, right) => left - right),
        wanted,
        JSON.stringify(filters),
      );
      if (total.relation === 'exact') assert.equal(total.value, wanted.length, JSON.stringify(filters));
      else assert.ok(total.value <= wanted.length && total.value <= 500);
      const counted = await send('GET', `/admin/invitations?${new URLSearchParams({ ...filters, limit: '1', total: 'exact' })}`);
      assert.deepEqual(counted.body.total, { value: wanted.length, relation: 'exact' }, JSON.stringify(filters));
    }
  });
}

/** The same question without any thought of speed. */
async function plainly(filters: {
  status?: string;
  campaign?: string;
  batch?: string;
  created_from?: string;
  text?: string;
}): Promise<number[]> {
  const state = filters.status === 'free' ? 'usable' : filters.status;
  const found = await application.query<{ id: number }>(
    `SELECT id FROM "Invitation" i WHERE ($1::text IS NULL OR (${stateOf('i')}) = $1) AND ($2::text IS NULL OR campaign = $2)
       AND ($3::uuid IS NULL OR batch = $3) AND ($4::timestamptz IS NULL OR created_at >= $4) AND ($5::text IS NULL OR note ~ '^guest 7') ORDER BY id`,
    [state ?? null, filters.campaign ?? null, filters.batch ?? null, filters.created_from ?? null, filters.text ?? null],
  );
  return found.map(({ id }) => id);
}

test('a cursor or a limit that no list gave is refused', async () => {
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const cursors = [
    'x',
    '!!',
    encoded({}),
    encoded(['id', 0]),
    encoded(['id', 2_147_483_648]),
    encoded(['id', 1.5]),
    encoded(['id', '1']),
    encoded(['note', 1, '1']),
    encoded(['created_at', 1]),
    encoded(['created_at', 1, '1; DROP TABLE "User"']),
    encoded(['created_at', 1, '-9223372036854775807']),
    encoded(['created_at', 1, '99999999999999999999']),
    // Of another list.
    encoded(['expires_at', 1, '0']),
  ];
  for (const cursor of cursors) assertInvalid(await send('GET', `/admin/invitations?cursor=${cursor}`), 'cursor cursor_invalid');
  for (const limit of ['0', '-1', '501', '1.5', 'x', '1e9']) {
    assert.equal((await send('GET', `/admin/invitations?limit=${limit}`)).status, 422, limit);
  }
  for (const limit of ['1', '500']) assert.equal((await send('GET', `/admin/invitations?limit=${limit}`)).status, 200);
});

test('moments at both ends of what the database has are cursors like any other', async () => {
  await application.query('TRUNCATE "Invitation"');
  const moments = ['infinity', '200000-01-01', '9999-12-31', '2100-01-01 00:00:00.123456', '2100-01-01 00:00:00.123457'];
  for (const moment of [...moments, ...moments]) {
    await application.query('INSERT INTO "Invitation" (code, starts_at) VALUES (gen_random_uuid()::text, $1::timestamptz)', [moment]);
  }
  const started = await walk({ status: 'not_started', limit: '1' });
  assert.deepEqual([started.items.length, new Set(started.items.map(({ id }) => id)).size], [10, 10]);
  await application.query(
    `UPDATE "Invitation" SET starts_at = NULL, expires_at = CASE WHEN id % 2 = 0 THEN '-infinity'::timestamptz ELSE '4713-01-01 BC' END`,
  );
  assert.equal((await walk({ status: 'expired', limit: '1' })).items.length, 10);
});

test('what a filter cannot be is refused, and what it can be has no meaning of its own', async () => {
  const refused: Readonly<Record<string, string>> = {
    'status=used_up': 'status invalid_value',
    'batch=1': 'batch invalid_format',
    'text=%00': 'text search_characters',
    'text=%20': 'text search_empty',
    [`text=${'a'.repeat(257)}`]: 'text search_too_long',
    'campaign=a%0Ab': 'campaign search_characters',
    'campaign=': 'campaign search_empty',
    'created_from=2026-01': 'created_from moment_format',
    'created_from=10000-01-01T00:00:00Z': 'created_from moment_format',
    'created_to=2026-02-30T00:00:00Z': 'created_to moment_format',
    'total=some': 'total invalid_value',
  };
  for (const [query, field] of Object.entries(refused)) assertInvalid(await send('GET', `/admin/invitations?${query}`), field);
  const harmless = [
    "' OR 1=1 --",
    '"; DROP',
    ':*',
    '&|!()',
    "'a':*",
    '<->',
    '\\',
    '%',
    '😀',
    'ㄱ',
    '١٢٣',
    'a'.repeat(256),
    '<b>x</b> &amp; http://y',
  ];
  for (const text of harmless) {
    const { status, body } = await send('GET', `/admin/invitations?${new URLSearchParams({ text, campaign: text })}`);
    assert.deepEqual([status, body.items], [200, []], text);
  }
});

test('a viewer may look, and a page has links and no more than it was asked for', async () => {
  const [row] = await application.query<{ id: number }>(`INSERT INTO "Invitation" (code) VALUES ('ONE') RETURNING id`);
  const viewer = await makeKey(application, 'viewer');
  const { status, body } = await viewer.send('GET', '/admin/invitations?limit=1&total=none');
  assert.equal(status, 200);
  const [item] = body.items as Item[];
  assert.deepEqual([item?.id, body.total, (body.items as Item[]).length], [row?.id, null, 1]);
  assert.equal((await application.send('GET', '/admin/invitations')).status, 401);
});
