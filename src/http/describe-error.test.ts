import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../problems.ts';
import { describeError } from './describe-error.ts';
import { httpProblems } from './http-problems.ts';

const canary = 'canary 010-1234-5678';

function described(thrown: unknown): string {
  return JSON.stringify(describeError(thrown));
}

test('a program error is described by name and location, without its message', () => {
  const { name, frames = [] } = describeError(new TypeError(canary));
  assert.equal(name, 'TypeError');
  assert.match(frames[0] ?? '', /^at .*describe-error\.test\.ts/);
  assert.ok(!described(new TypeError(canary)).includes('canary'));
});

test('a database error is described by its fixed names only', () => {
  const error = Object.assign(new Error(`duplicate key: ${canary}`), {
    code: '23505',
    severity: 'ERROR',
    detail: `Key (phone)=(${canary}) already exists.`,
    where: canary,
    hint: canary,
    query: canary,
    constraint: 'User_phone_key_key',
    table: 'User',
    column: 'phone',
    routine: '_bt_check_unique',
  });
  assert.deepEqual(describeError(error), {
    sqlstate: '23505',
    constraint: 'User_phone_key_key',
    table: 'User',
    routine: '_bt_check_unique',
    severity: 'ERROR',
  });
});

test('a system error is described by its code', () => {
  const error = Object.assign(new Error(`connect ECONNREFUSED ${canary}`), { code: 'ECONNREFUSED', syscall: 'connect', address: canary });
  const { code, syscall } = describeError(error);
  assert.deepEqual({ code, syscall }, { code: 'ECONNREFUSED', syscall: 'connect' });
  assert.ok(!described(error).includes('canary'));
});

test('causes are followed to a limited depth', () => {
  const database = Object.assign(new Error(canary), { code: '40001', severity: 'ERROR' });
  const query = new Error(`Failed query: ${canary}`, { cause: database });
  const problem = new Problem(httpProblems.internal_error, { cause: query });
  assert.deepEqual(describeError(problem).cause?.cause, { sqlstate: '40001', severity: 'ERROR' });

  const circle = new Error('a');
  circle.cause = circle;
  assert.ok(described(circle).length < 20_000);
});

test('client input never appears, wherever it is hidden', () => {
  const hostile: unknown[] = [
    canary,
    { message: canary, stack: canary },
    new Error(`${canary}\n    at ${canary} (canary.ts:1:1)`),
    Object.assign(new Error(canary), { name: canary, code: canary, syscall: canary, stack: canary }),
    Object.assign(new Error(canary), { code: '23505', severity: canary, table: canary, constraint: canary }),
    tryTo(() => JSON.parse(`{"phone": ${canary}`)),
    tryTo(() => 'x' in (canary as unknown as object)),
    new AggregateError([new Error(canary)], canary),
  ];
  for (const thrown of hostile) assert.ok(!described(thrown).includes('canary'), described(thrown));
});

test('a thrown value that is not an error is described by its type', () => {
  assert.deepEqual(describeError(undefined), { name: 'undefined' });
  assert.deepEqual(describeError(7), { name: 'number' });
  assert.deepEqual(describeError(null), { name: 'object' });
});

function tryTo(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('it did not throw');
}
