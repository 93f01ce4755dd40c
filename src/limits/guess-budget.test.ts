import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { openGuessBudget } from './guess-budget.ts';
import { limiterOver } from './limiter.ts';
import { MemoryCounter } from './memory-counter.ts';

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_000_000 });
});

function openBudget() {
  const limiter = (name: string, count: number) => {
    const rate = { count, seconds: 60 };
    return limiterOver(new MemoryCounter(name, rate), name, rate, 'secret');
  };
  const warnings: object[] = [];
  const log = { warn: (fields: object) => warnings.push(fields) };
  const onSpent = mock.fn();
  return {
    budget: openGuessBudget({ budget: limiter('guesses', 3), guarded: limiter('guarded-verify', 2) }, log as never, onSpent),
    warnings,
    onSpent,
  };
}

async function guess(budget: ReturnType<typeof openBudget>['budget'], count: number): Promise<void> {
  for (let network = 0; network < count; network += 1) await budget.wrong(`attacker ${network}`);
}

test('nobody is held to more than usual while the budget lasts', async () => {
  const { budget, warnings, onSpent } = openBudget();
  await guess(budget, 3);
  assert.equal(await budget.admit('honest'), undefined);
  assert.deepEqual([warnings, onSpent.mock.callCount(), budget.isSpent()], [[], 0, false]);
});

test('once it is used up a network without a right code has a few tries, and one warning is logged', async () => {
  const { budget, warnings, onSpent } = openBudget();
  await guess(budget, 10);
  const verdicts = [await budget.admit('attacker 1'), await budget.admit('attacker 1'), await budget.admit('attacker 1')];
  assert.deepEqual(
    verdicts.map((counted) => counted?.verdict.allowed),
    [true, true, false],
  );
  assert.equal((await budget.admit('honest'))?.verdict.allowed, true);
  assert.deepEqual([warnings, onSpent.mock.callCount(), budget.isSpent()], [[{ seconds: 60 }], 1, true]);
});

test('a network that showed a right code stays free until one of its codes is wrong', async () => {
  const { budget } = openBudget();
  budget.right('school');
  await guess(budget, 10);
  for (let pupil = 0; pupil < 200; pupil += 1) assert.equal(await budget.admit('school'), undefined);
  await budget.wrong('school');
  assert.equal((await budget.admit('school'))?.verdict.allowed, true);
  budget.right('school');
  assert.equal(await budget.admit('school'), undefined);
});

test('a right code is forgotten after an hour, and the guard ends with the window of the budget', async () => {
  const { budget } = openBudget();
  budget.right('school');
  mock.timers.tick(3_600_000);
  await guess(budget, 10);
  assert.ok(await budget.admit('school'));
  mock.timers.tick(60_000);
  assert.equal(await budget.admit('school'), undefined);
});
