import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startProgressLine } from './progress-line.ts';

function screen(isTTY: boolean) {
  const written: string[] = [];
  return { written, isTTY, columns: 20, write: (text: string) => written.push(text) > 0 };
}

test('on a terminal one line is written over and taken away; it never grows to two', () => {
  const output = screen(true);
  const line = startProgressLine(output);
  line.clear();
  line.show('20,000자가 넘는 아주 긴 문장');
  assert.deepEqual(output.written, []);
  line.show('1 of 2');
  line.show('2 of 2, too soon after the first');
  line.clear();
  line.clear();
  assert.deepEqual(output.written, ['\r\x1b[K1 of 2', '\r\x1b[K']);
});

test('elsewhere nothing is written', () => {
  const output = screen(false);
  const line = startProgressLine(output);
  line.show('1 of 2');
  line.clear();
  assert.deepEqual(output.written, []);
});
