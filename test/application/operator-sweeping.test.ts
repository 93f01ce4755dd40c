import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { until } from '../../src/database/database.ts';
import { sweepAnswers } from '../../src/operators/sweep-store.ts';
import { sweptRows } from '../../src/services.ts';
import { sweepRows } from '../../src/sweeping/sweep.ts';
import { openApplication } from '../support/application.ts';
import { newDeadline } from '../support/new-deadline.ts';
import { asOperator } from '../support/operator-scenes.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const {
  query,
  services: { config, database },
} = application;

async function sweepKeptAnswers(): Promise<number | undefined> {
  return (await sweepRows(database, sweptRows(config))).deleted.idempotency_keys;
}

beforeEach(() => query('DELETE FROM idempotency_keys'));

async function keep(count: number, hoursAgo: number): Promise<void> {
  await query(
    `INSERT INTO idempotency_keys (operator_id, key, request_hash, created_at)
     SELECT 1, 'kept ' || $2::int || ' h, ' || n, 'hash', now() - make_interval(hours => $2::int) FROM generate_series(1, $1::int) n`,
    [count, hoursAgo],
  );
}

test('stored answers are deleted after 24 hours, younger ones stay', async () => {
  await keep(3, 24);
  await keep(2, 23);
  assert.equal(await sweepKeptAnswers(), 3);
  const left = await query<{ key: string }>('SELECT key FROM idempotency_keys ORDER BY key');
  assert.deepEqual(
    left.map(({ key }) => key),
    ['kept 23 h, 1', 'kept 23 h, 2'],
  );
  assert.equal(await sweepKeptAnswers(), 0);
});

test('one sweep runs several batches, none larger than requested', async () => {
  await keep(1_001, 25);
  assert.equal((await sweepAnswers(until(newDeadline(), database), 2, null)).deleted, 2);
  assert.equal(await sweepKeptAnswers(), 999);
});

test('an Idempotency-Key whose answer was swept can be used again', async () => {
  const create = () =>
    asOperator(application)('POST', '/admin/keys', { label: 'swept', role: 'viewer' }, { 'idempotency-key': 'used long ago' });
  assert.equal((await create()).status, 201);
  assert.equal((await create()).status, 409);
  await query(`UPDATE idempotency_keys SET created_at = created_at - interval '1 day'`);
  await sweepKeptAnswers();
  // Usable keys cannot share a label.
  await query(`UPDATE operator_keys SET revoked_at = now() WHERE label = 'swept'`);
  assert.equal((await create()).status, 201);
});
