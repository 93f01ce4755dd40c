import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findUnexpectedLines } from './printed-lines.ts';

test('error logs anywhere and text on stderr are unexpected, unless allowed', () => {
  const stdout = 'Chodae listens on http://127.0.0.1:1\n{"level":30,"msg":"ready"}\n{"level":50,"msg":"broken"}\n{"level":"fatal"}\n';
  const stderr = '{"level":40,"msg":"slow"}\n(node:1) Warning: old\n\n';
  assert.deepEqual(findUnexpectedLines({ stdout, stderr }), ['{"level":50,"msg":"broken"}', '{"level":"fatal"}', '(node:1) Warning: old']);
  assert.deepEqual(findUnexpectedLines({ stdout, stderr }, [/Warning: old/, /fatal/]), ['{"level":50,"msg":"broken"}']);
});
