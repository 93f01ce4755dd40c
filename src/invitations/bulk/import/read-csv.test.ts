import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { maximumLineBytes } from './csv-rules.ts';
import { type CsvLine, readCsv } from './read-csv.ts';

/** @param sizes of the chunks in which the bytes come, over and over again. */
async function read(file: string | Uint8Array, sizes: readonly number[] = [65_536]): Promise<CsvLine[]> {
  const bytes = Buffer.from(file);
  async function* chunks() {
    for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
      const size = sizes[turn % sizes.length] ?? 1;
      yield bytes.subarray(start, start + size);
      start += size;
    }
  }
  const lines: CsvLine[] = [];
  for await (const some of readCsv(chunks())) lines.push(...some);
  return lines;
}

const shown = (lines: readonly CsvLine[]) =>
  lines.map((line) => ('cells' in line ? line.cells.join('|') : `${line.number} ${line.fault.code}`));

const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\r', '\n', '한', ' ', "'", '\0', '\u{1f600}', '\ufeff'), maxLength: 6 });
const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });

test('whatever a file holds, its cells come as they were written, in however many pieces', async () => {
  const rows = fc
    .integer({ min: 2, max: 4 })
    .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }));
  const property = fc.asyncProperty(
    rows,
    fc.constantFrom<'unix' | 'windows'>('unix', 'windows'),
    fc.boolean(),
    sizes,
    async (cells, end, bom, pieces) => {
      const file = stringify(cells, { record_delimiter: end, bom, quoted: true });
      const lines = await read(file, pieces);
      assert.deepEqual(
        lines,
        cells.map((row, at) => ({ number: at + 1, cells: row })),
      );
    },
  );
  await fc.assert(property);
});

test('bytes of any kind are read without an exception, and the same in any pieces', async () => {
  const part = fc.oneof(
    cell.map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 4 }),
    fc.constantFrom(Buffer.from('code\n'), Buffer.from('"\n')),
  );
  const property = fc.asyncProperty(fc.array(part, { maxLength: 20 }), sizes, async (parts, pieces) => {
    const file = Buffer.concat(parts);
    assert.deepEqual(shown(await read(file, pieces)), shown(await read(file)));
  });
  await fc.assert(property);
});

test('the line that is not UTF-8 is named, wherever it is', async () => {
  const broken = Buffer.concat([Buffer.from(`${'가,b\n'.repeat(30_000)}c,`), Buffer.from([0xb0]), Buffer.from('\nd,e\n')]);
  const lines = await read(broken, [1_000]);
  assert.equal(lines.length, 30_001);
  assert.deepEqual(shown(lines.slice(-2)), ['가|b', '30001 csv_not_utf8']);
});

test('a file of one endless line, or one endless cell, is given up early', async () => {
  for (const file of [',', 'a', '"', '"a', 'a\0', `${','.repeat(20_000)}"\n",`]) {
    let taken = 0;
    async function* endless() {
      for (; taken < 100; taken += 1) yield Buffer.from(file.repeat(Math.ceil(65_536 / file.length)));
    }
    const lines: CsvLine[] = [];
    for await (const some of readCsv(endless())) lines.push(...some);
    assert.ok(taken < 10, `${taken} pieces were taken`);
    assert.match(shown(lines).join(), /^1 csv_(line_too_long|quotes)$/);
  }
  assert.deepEqual(shown(await read(`${'x'.repeat(maximumLineBytes)}\n`)), ['x'.repeat(maximumLineBytes)]);
});
