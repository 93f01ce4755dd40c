import assert from 'node:assert/strict';
import { test } from 'node:test';
import { displayWidth, tableLines } from './table.ts';

const columns = [{ title: '코드' }, { title: '자리', align: 'right' }, { title: '쓴 사람', shrinks: true }] as const;
const rows = [
  ['SPRING-1', '1/20', '홍길동, Zoë'],
  ['봄-2', '0/1', ''],
];
const pipe = { write() {} };
const terminal = (width: number) => ({ write() {}, isTTY: true, columns: width, hasColors: () => false });

test('columns begin at the same place on the screen, whatever is in them', () => {
  assert.deepEqual(tableLines(columns, rows, pipe), ['코드      자리  쓴 사람', 'SPRING-1  1/20  홍길동, Zoë', '봄-2       0/1']);
  for (const line of tableLines(columns, rows, pipe).slice(0, 2)) {
    const last = line.split('  ').at(-1) ?? '';
    assert.equal(displayWidth(line.slice(0, line.length - last.length)), 16, line);
  }
});

test('on a terminal that is too narrow the last column that may gives way; in a pipe nothing is cut', () => {
  const long = [['SPRING-1', '1/20', '가나다라마바사아자차카타파하']];
  const [, wide = ''] = tableLines(columns, long, terminal(80));
  assert.equal(wide, 'SPRING-1  1/20  가나다라마바사아자차카타파하');
  const [, narrow = ''] = tableLines(columns, long, terminal(30));
  assert.ok(displayWidth(narrow) <= 30 && narrow.endsWith('…'), narrow);
  const [, tiny = ''] = tableLines(columns, long, terminal(5));
  assert.ok(tiny.startsWith('SPRING-1  1/20  가나'), tiny);
  assert.equal(tableLines(columns, long, pipe)[1], wide);
});

test('what a terminal would obey is not written', () => {
  assert.deepEqual(tableLines([{ title: 'name' }], [['a\x1b[2J\nb']], pipe), ['name', 'a�[2J�b']);
});
