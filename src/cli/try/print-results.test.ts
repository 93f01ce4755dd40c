import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linePrinter, type Result, reportAsJson, writeSummary } from './print-results.ts';

const passed: Result = { name: 'a', ok: true, status: 200, milliseconds: 12 };
const failed: Result = { name: 'b', ok: false, status: 500, milliseconds: 3, message: 'expected 200, got 500' };
const skipped: Result = { name: 'c', ok: false, skipped: true, status: null, milliseconds: 0, message: 'skipped' };
const report = { url: 'http://x', code: 'TEST001', checks: [passed, failed, skipped], reached: true, closing: ['TEST001 is used up now.'] };

test('a file or a pipe gets plain words', () => {
  const output = page({ isTTY: false });
  showAll(output);
  assert.equal(
    output.text(),
    '\nSection\n  ok   first (12 ms)\n  FAIL second: expected 200, got 500 (3 ms)\n  skip third: skipped\n' +
      '\n1 passed, 1 failed, 1 skipped\nTEST001 is used up now.\n',
  );
});

test('a terminal gets marks, and colours unless it wants none', () => {
  const coloured = page({ isTTY: true, hasColors: () => true });
  showAll(coloured);
  assert.ok(coloured.text().includes('\u001b[32m✓\u001b[39m first'));
  assert.ok(coloured.text().includes('\u001b[31m✗\u001b[39m second'));
  const plain = page({ isTTY: true, hasColors: () => false });
  showAll(plain);
  assert.match(plain.text(), /^ {2}✓ first \(12 ms\)$/m);
  assert.ok(!plain.text().includes('\u001b'));
});

test('the JSON document counts what it lists', () => {
  assert.deepEqual(JSON.parse(reportAsJson(report)), {
    url: 'http://x',
    code: 'TEST001',
    checks: [passed, failed, skipped],
    passed: 1,
    failed: 1,
    skipped: 1,
  });
});

function showAll(output: ReturnType<typeof page>): void {
  const printer = linePrinter(output, 'en');
  printer.section('Section');
  printer.result('first', passed);
  printer.result('second', failed);
  printer.result('third', skipped);
  writeSummary(report, output, 'en');
}

function page(terminal: { isTTY: boolean; hasColors?: () => boolean }) {
  let written = '';
  return {
    ...terminal,
    write(text: string) {
      written += text;
    },
    text: () => written,
  };
}
