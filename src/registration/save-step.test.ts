import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newDeadline } from '../../test/support/new-deadline.ts';
import { overloaded } from '../overload/problems.ts';
import type { RegistrationServices } from './dependencies.ts';
import { saveRegistrationStep } from './save-step.ts';
import { stepsBeforeLast } from './steps.ts';

/** A session with some steps stored, and a hasher that records its calls and refuses. */
function refusingServices(completed_steps: readonly string[], refusesAtOnce: boolean) {
  const claims: unknown[] = [];
  let released = 0;
  const services = {
    database: { run: async () => [{ expires_at: new Date(), completed_steps, still_open: true, state: 'usable' }] },
    passwords: {
      claim(key: string, claim: object) {
        claims.push({ key, ...claim });
        if (refusesAtOnce) throw overloaded(3);
        return { add: () => Promise.reject(overloaded(3)), [Symbol.dispose]: () => (released += 1) };
      },
    },
    rules: { passwordMinimumLength: 8, phoneRegion: 'KR', sessionSeconds: 60 },
  } as unknown as RegistrationServices;
  return { services, claims, released: () => released };
}

const [nameStep] = stepsBeforeLast;
assert.ok(nameStep);
const body = { name: '홍길동', password: 'seven quiet rivers' };

/** @returns how many attempts were counted and how many were given back. */
async function saveRefused(services: RegistrationServices): Promise<readonly [number, number]> {
  let taken = 0;
  let givenBack = 0;
  const countHash = async () => {
    taken += 1;
    return async () => {
      givenBack += 1;
    };
  };
  assert.ok(nameStep);
  await assert.rejects(
    saveRegistrationStep(services, nameStep, 'a session', body, { network: '192.0.2.1', deadline: newDeadline(), countHash }),
    {
      message: 'overloaded',
    },
  );
  return [taken, givenBack];
}

test('a password refused by a full hash queue is not counted, or is given back if refused later', async () => {
  assert.deepEqual(await saveRefused(refusingServices([], true).services), [0, 0]);
  const later = refusingServices([], false);
  assert.deepEqual(await saveRefused(later.services), [1, 1]);
  assert.equal(later.released(), 1, 'the sign-up may send another password');
});

test('reaching the limit releases the place in the queue', async () => {
  const { services, released } = refusingServices([], false);
  const countHash = () => Promise.reject(new Error('over the limit'));
  await assert.rejects(
    saveRegistrationStep(services, nameStep, 'a session', body, { network: '192.0.2.1', deadline: newDeadline(), countHash }),
    /over the limit/,
  );
  assert.equal(released(), 1);
});

test('hashes are queued by network and session, and replacing a password counts as a repeat', async () => {
  for (const [completed, isRepeat] of [
    [[], false],
    [['birthday'], false],
    [['name'], true],
  ] as const) {
    const { services, claims } = refusingServices(completed, true);
    await saveRefused(services);
    assert.deepEqual(claims, [{ key: 'a session', owner: '192.0.2.1', isRepeat }]);
  }
});
