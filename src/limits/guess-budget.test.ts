import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { type Guess, type GuessBudget, type GuessOutcome, openGuessBudget, type TryCounter } from './guess-budget.ts';
import { memoryLimiter } from './limiter.ts';
import { memoryTries } from './memory-store.ts';

let now = 0;
beforeEach(() => {
  now = 1_000_000;
  mock.method(performance, 'now', () => now);
});
afterEach(() => mock.restoreAll());

const rate = { count: 4, seconds: 60, earned: 2, mostRights: 2 };

/** Three wrong codes of everybody, then four of each network and two more for each of its first two right ones. */
function openBudget(tries: TryCounter = memoryTries(rate)) {
  const warnings: unknown[] = [];
  const log = { warn: (fields: unknown) => warnings.push(fields) };
  const onSpent = mock.fn();
  const limit = { count: 3, seconds: 60 };
  const everybody = memoryLimiter('guesses', limit, 'secret');
  const budget = openGuessBudget({ budget: everybody, tries, guarded: { name: 'guarded-verify', rate } }, log, onSpent);
  return { budget, warnings, onSpent };
}

const isAllowed = ({ counted }: Guess) => counted?.verdict.allowed ?? true;

/** @returns whether the code was looked up. */
async function guess(budget: GuessBudget, network: string, outcome: GuessOutcome): Promise<boolean> {
  const admitted = await budget.admit(network);
  // Others come in while it is looked up.
  await new Promise(setImmediate);
  if (isAllowed(admitted)) await admitted.settle(outcome);
  return isAllowed(admitted);
}

const lookedUp = (outcomes: readonly boolean[]) => outcomes.filter(Boolean).length;

async function guessOften(budget: GuessBudget, network: string, outcomes: readonly GuessOutcome[]): Promise<number> {
  const admitted: boolean[] = [];
  for (const outcome of outcomes) admitted.push(await guess(budget, network, outcome));
  return lookedUp(admitted);
}

const many = <Value>(count: number, value: Value): Value[] => Array.from({ length: count }, () => value);

async function spend(budget: GuessBudget): Promise<void> {
  for (let network = 0; network < 3; network += 1) await guess(budget, `attacker ${network}`, 'wrong');
}

test('nothing is counted for a network while the budget lasts', async () => {
  const { budget, warnings, onSpent } = openBudget();
  await guessOften(budget, 'attacker', ['wrong', 'wrong']);
  assert.equal((await budget.admit('honest')).counted, undefined);
  assert.deepEqual([warnings, onSpent.mock.callCount(), budget.isSpent()], [[], 0, false]);
});

test('once it is used up a network has a few wrong codes, and one warning is logged', async () => {
  const { budget, warnings, onSpent } = openBudget();
  await spend(budget);
  assert.equal(await guessOften(budget, 'attacker', many(10, 'wrong')), 4);
  assert.equal(await guess(budget, 'honest', 'wrong'), true);
  assert.deepEqual([warnings, onSpent.mock.callCount(), budget.isSpent()], [[{ seconds: 60 }], 1, true]);
});

test('a right code gives its try back, and so does whatever is not wrong', async () => {
  const { budget } = openBudget();
  await spend(budget);
  assert.equal(await guessOften(budget, 'school', many(200, 'right')), 200);
  assert.equal(await guessOften(budget, 'office', many(200, 'neither')), 200);
  assert.equal(await guessOften(budget, 'office', many(10, 'wrong')), 4);
});

test('a right code earns a few wrong ones, before or after them, and not without end', async () => {
  const { budget } = openBudget();
  await spend(budget);
  assert.equal(await guessOften(budget, 'first right', ['right', ...many(10, 'wrong' as const)]), 1 + 4 + 2);
  assert.equal(
    await guessOften(budget, 'right between', [...many(3, 'wrong' as const), 'right', ...many(10, 'wrong' as const)]),
    4 + 4 - 1,
  );
  const inTurn = many(50, ['right', 'wrong'] as const).flat();
  assert.equal(await guessOften(budget, 'in turn', inTurn), 2 * (4 + 2 * 2));
});

test('of many at once no more wrong ones are looked up than there are tries, whatever else comes with them', async () => {
  const { budget } = openBudget();
  await spend(budget);
  const outcomes = await Promise.all(many(100, 'wrong' as const).map((outcome) => guess(budget, 'attacker', outcome)));
  assert.equal(lookedUp(outcomes), 4);
  const mixed = many(100, 'wrong' as const).map((outcome, at) => guess(budget, 'mixed', at % 7 === 0 ? 'right' : outcome));
  const admitted = await Promise.all(mixed);
  const wrong = admitted.filter((_, at) => at % 7 !== 0);
  assert.ok(lookedUp(wrong) <= 4 + 2 * 2, String(lookedUp(wrong)));
});

test('of many right ones at once each is looked up: they wait for those whose try comes back', async () => {
  const { budget } = openBudget();
  await spend(budget);
  assert.equal(lookedUp(await Promise.all(many(100, 'right' as const).map((outcome) => guess(budget, 'school', outcome)))), 100);
});

test('of many at once no more are looked up freely than the budget has left', async () => {
  const { budget } = openBudget();
  const outcomes = await Promise.all(many(100, 'wrong' as const).map((outcome) => guess(budget, 'attacker', outcome)));
  assert.equal(lookedUp(outcomes), 3 + 4);
});

test('what others saw of the wrong codes counts, and an answer that comes late takes nothing back', async () => {
  const { budget, onSpent } = openBudget();
  budget.noteWrongCodes({ points: 3, milliseconds: 60_000 });
  budget.noteWrongCodes({ points: 1, milliseconds: 60_000 });
  assert.equal(budget.isSpent(), true);
  assert.equal(await guessOften(budget, 'attacker', many(10, 'wrong')), 4);
  assert.equal(onSpent.mock.callCount(), 1);
  // The next window, which begins with one wrong code.
  now += 60_000;
  budget.noteWrongCodes({ points: 1, milliseconds: 60_000 });
  assert.equal(budget.isSpent(), false);
});

test('the guard ends with the window of the budget, and the next one begins anew', async () => {
  const { budget, onSpent } = openBudget();
  await spend(budget);
  assert.ok((await budget.admit('honest')).counted);
  now += 60_000;
  assert.equal((await budget.admit('honest')).counted, undefined);
  await spend(budget);
  assert.deepEqual([budget.isSpent(), onSpent.mock.callCount()], [true, 2]);
});

test('settling twice counts once', async () => {
  const { budget } = openBudget();
  await spend(budget);
  const admitted = await budget.admit('a');
  await admitted.settle('wrong');
  await admitted.settle('right');
  assert.equal(await guessOften(budget, 'a', many(10, 'wrong')), 3);
});
