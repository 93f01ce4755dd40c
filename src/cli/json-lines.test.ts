import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readJsonLines } from './json-lines.ts';

async function read(...chunks: readonly (string | Buffer)[]): Promise<unknown[]> {
  const values: unknown[] = [];
  async function* send() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  for await (const value of readJsonLines(send(), () => new Error('no line of ours'))) values.push(value);
  return values;
}

test('each line is a value, wherever the pieces are cut', async () => {
  const bytes = Buffer.from('{"name":"홍길동"}\n\n[1]\r\n"x"\n');
  const whole = [{ name: '홍길동' }, [1], 'x'];
  assert.deepEqual(await read(bytes), whole);
  assert.deepEqual(await read(...[...bytes].map((byte) => Buffer.from([byte]))), whole);
});

test('a last line without its end was broken off and is none', async () => {
  assert.deepEqual(await read('{"a":1}\n{"a":2}'), [{ a: 1 }]);
});

test('a line that never ends is not kept', async () => {
  await assert.rejects(read('x'.repeat(700_000), 'x'.repeat(700_000)), /no line of ours/);
});

test('a line that is no JSON is refused', async () => {
  for (const line of ['x', '{', '[1', '\x9b']) await assert.rejects(read(`{}\n${line}\n`), /no line of ours/, line);
});
