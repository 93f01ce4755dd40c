import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Database, Queryable, Statement } from '../../database/database.ts';
import { openSemaphore } from '../../overload/semaphore.ts';
import { type BulkServices, createInBulk, type WantedBulk } from './create-in-bulk.ts';
import { openUploadPlaces } from './import/upload-places.ts';

const actor = { keyId: null, label: 'local', requestId: null, origin: null };
const request = { actor, key: undefined, asked: null };
const wanted: WantedBulk = {
  count: 12_000,
  form: {},
  maxUses: 1,
  lifeSpan: { startsAt: null, expiresAt: null, validForSeconds: null },
  campaign: null,
  note: null,
};

/** What the use case does not call. */
const unused: Omit<Database, 'kind' | 'transaction'> = {
  description: '',
  run: () => assert.fail('run'),
  runQueued: () => assert.fail('runQueued'),
  close: () => assert.fail('close'),
};

/**
 * Services over a fake database that only counts.
 * @param insert how many of the given codes are new.
 */
function servicesOver(insert: (codes: number) => number): { services: BulkServices; ended: string[] } {
  const ended: string[] = [];
  const transaction: Queryable = {
    async run<Row>({ name }: Statement<Row>, values: readonly unknown[] = []) {
      if (name === 'invitations_now') return [{ now: new Date() }] as Row[];
      assert.equal(name, 'bulk_insert');
      return [{ created: insert((values[0] as string[]).length) }] as Row[];
    },
  };
  const database: Database = {
    ...unused,
    kind: 'postgresql',
    async transaction<T>(work: (transaction: Queryable) => Promise<T>) {
      return work(transaction).then(
        (made) => [made, ended.push('committed')][0] as T,
        (error) => {
          ended.push('rolled back');
          throw error;
        },
      );
    },
  };
  const once: BulkServices['once'] = async (_transaction, _request, work) => ({ answer: await work(), repeated: false });
  const rest = {
    uploads: openUploadPlaces(),
    publicUrl: undefined,
    phoneRegion: 'KR' as const,
    timeZone: 'UTC',
    peopleOf: async () => new Map(),
  };
  return { services: { database, once, audit: async () => {}, turn: openSemaphore(1), longWork: openSemaphore(1), ...rest }, ended };
}

test('codes that already exist are replaced until the requested number is made', async () => {
  const asked: number[] = [];
  const { services, ended } = servicesOver((codes) => {
    asked.push(codes);
    return codes - Math.min(codes - 1, 3);
  });
  const progress: number[] = [];
  const signal = new AbortController().signal;
  await createInBulk(services, request, wanted, { inserted: (count) => progress.push(count), signal });
  assert.deepEqual(asked, [5_000, 5_000, 2_006, 3, 2, 1]);
  assert.deepEqual(progress, [4_997, 9_994, 11_997, 11_998, 11_999, 12_000]);
  assert.deepEqual(ended, ['committed']);
});

test('it gives up if every generated code already exists', async () => {
  const { services, ended } = servicesOver(() => 0);
  await assert.rejects(createInBulk(services, request, wanted, { inserted() {}, signal: new AbortController().signal }), /already exists/);
  assert.deepEqual(ended, ['rolled back']);
});

test('a client that disconnects rolls everything back, and the next request may begin', async () => {
  const client = new AbortController();
  const { services, ended } = servicesOver((codes) => codes);
  const going = createInBulk(services, request, wanted, { inserted: () => client.abort(), signal: client.signal });
  await assert.rejects(going, { name: 'AbortError' });
  assert.deepEqual(ended, ['rolled back']);
  await createInBulk(services, request, wanted, { inserted() {}, signal: new AbortController().signal });
});
