import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Queryable } from '../database/database.ts';
import { Problem } from '../problems.ts';
import { countUpTo, type List, newestFirst, readAll, readPage } from './keyset-page.ts';

interface Row {
  readonly id: number;
}
interface Filter {
  readonly colour?: string | undefined;
  readonly size?: number | undefined;
}

const list: List<Row, Filter> = {
  name: 'sample',
  columns: 'id',
  from: 'samples',
  predicates: {
    colour: (colour, bind) => `colour = ${bind(colour, 'text')}`,
    size: (size, bind) => `size >= ${bind(size, 'integer')}`,
  },
};
const order = newestFirst<Row>('id');

/** A database whose answers are given. */
function answering(answer: (text: string, values: readonly unknown[]) => readonly object[]) {
  const asked: { text: string; values: readonly unknown[] }[] = [];
  const database: Queryable = {
    async run<Row>({ text }: { text: string }, values: readonly unknown[] = []): Promise<Row[]> {
      asked.push({ text: text.replace(/\s+/g, ' '), values });
      return [...answer(text, values)] as Row[];
    },
  };
  return { database, asked };
}

const limitIn = (text: string) => Number(/ LIMIT (\d+)/.exec(text)?.[1]);

const tooSlow = () => {
  throw Object.assign(new Error('canceling statement due to statement timeout'), { code: '57014' });
};

test('a filter that is not given adds no condition, and a page begins behind its cursor', async () => {
  const { database, asked } = answering(() => [{ id: 3 }, { id: 2 }, { id: 1 }]);
  const first = await readPage(database, list, { colour: undefined }, order, { after: undefined, limit: 2 });
  assert.deepEqual(first.rows, [{ id: 3 }, { id: 2 }]);
  assert.notEqual(first.next, null);
  await readPage(database, list, { colour: 'red', size: 0 }, order, { after: [9], limit: 5 });
  assert.deepEqual(asked, [
    { text: 'SELECT id FROM samples WHERE true ORDER BY id DESC LIMIT 51', values: [] },
    {
      text: 'SELECT id FROM samples WHERE colour = $1::text AND size >= $2::integer AND (id) < ($3::bigint) ORDER BY id DESC LIMIT 51',
      values: ['red', 0, 9],
    },
  ]);
});

test('where statement_timeout ends a page, the answer names its filters; a list without filters is unavailable', async () => {
  const { database } = answering(tooSlow);
  const page = { after: undefined, limit: 2 };
  const named = (error: unknown) =>
    error instanceof Problem &&
    error.kind.code === 'validation_failed' &&
    error.details.errors?.map(({ field, rule }) => `${field} ${rule.code}`).join() === 'colour filter_too_slow';
  await assert.rejects(readPage(database, list, { colour: 'red', size: undefined }, order, page), named);
  await assert.rejects(readPage(database, list, {}, order, page), { code: '57014' });
});

test('a count stops at its cap, and says `at_least` there and where it takes too long', async () => {
  const counting = (matching: number) => answering((text) => [{ matching: Math.min(matching, limitIn(text)) }]).database;
  assert.deepEqual(await countUpTo(counting(7), list, {}, 10, 5), { value: 7, relation: 'exact' });
  assert.deepEqual(await countUpTo(counting(10), list, {}, 10, 5), { value: 10, relation: 'exact' });
  assert.deepEqual(await countUpTo(counting(11), list, {}, 10, 5), { value: 10, relation: 'at_least' });
  assert.deepEqual(await countUpTo(answering(tooSlow).database, list, {}, 10, 5), { value: 5, relation: 'at_least' });
});

test('reading everything takes page after page, and no more of them than are asked for', async () => {
  const { database, asked } = answering((text, values) => {
    const before = Number(values[0] ?? 8);
    return Array.from({ length: 7 }, (_, index) => ({ id: 7 - index }))
      .filter(({ id }) => id < before)
      .slice(0, limitIn(text));
  });
  const sizes: number[] = [];
  for await (const rows of readAll(list, {}, order, 3, (read) => read(database))) sizes.push(rows.length);
  assert.deepEqual(sizes, [3, 3, 1]);
  for await (const rows of readAll(list, {}, order, 3, (read) => read(database))) if (rows.length > 0) break;
  assert.equal(asked.length, 4);
});
