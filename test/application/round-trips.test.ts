import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { bearer, beginSignUp, invite, signUpToLastStep } from '../support/sign-up-scenes.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());

/** @returns the names of the statements that a request sent to the database. */
async function statementsOf(context: TestContext, request: () => Promise<unknown>): Promise<string[]> {
  const { database } = application.services;
  const methods = [context.mock.method(database, 'run'), context.mock.method(database, 'runQueued')] as const;
  const transaction = context.mock.method(database, 'transaction');
  await request();
  assert.equal(transaction.mock.callCount(), 0);
  const [run, runQueued] = methods;
  const names = [...run.mock.calls.map((call) => call.arguments[0].name), ...runQueued.mock.calls.map((call) => call.arguments[1].name)];
  for (const method of methods) method.mock.restore();
  transaction.mock.restore();
  return names;
}

test('a sign-up costs five statements, each of them one round trip', async (context) => {
  const { sessionId, person } = await signUpToLastStep(application, await invite(application));
  const code = await invite(application);
  const requests = {
    verify: () => application.verify(code),
    name: () => application.name(sessionId, person.name, person.password),
    birthday: () => application.birthday(sessionId, person.birthday),
    phone: () => application.phone(sessionId, person.phone),
  };
  const counted: Record<string, number> = {};
  for (const [step, request] of Object.entries(requests)) counted[step] = (await statementsOf(context, request)).length;
  assert.deepEqual(counted, { verify: 1, name: 2, birthday: 1, phone: 1 });
});

test('opening an invitation with several seats costs one more statement, and so does the reason for an error', async (context) => {
  const code = await invite(application, { max_uses: '2' });
  assert.equal((await statementsOf(context, () => application.verify(code))).length, 2);
  await beginSignUp(application, code);
  assert.equal((await statementsOf(context, () => application.verify(code))).length, 2);

  const sessionId = await beginSignUp(application, await invite(application));
  assert.equal((await statementsOf(context, () => application.phone(sessionId, '010-2345-6789'))).length, 2);
});

test('another spelling of a code costs one more statement, an unknown code as well', async (context) => {
  const single = await invite(application);
  assert.equal((await statementsOf(context, () => application.verify(` ${single.toLowerCase()}`))).length, 2);
  assert.equal((await statementsOf(context, () => application.verify('no such code'))).length, 2);
  const several = await invite(application, { max_uses: '2' });
  assert.equal((await statementsOf(context, () => application.verify(` ${several.toLowerCase()}`))).length, 3);
});

test('a refused body costs no database query', async (context) => {
  const sessionId = await beginSignUp(application, await invite(application));
  for (const request of [
    () => application.verify(''),
    () => application.name(sessionId, '', 'seven quiet rivers'),
    () => application.birthday(sessionId, '2023-02-29'),
    () => application.phone(sessionId, 'no number'),
    () => application.send('GET', '/auth/register/session'),
  ]) {
    assert.deepEqual(await statementsOf(context, request), []);
  }
});

test('reading and abandoning a session cost one statement each', async (context) => {
  const headers = bearer(await beginSignUp(application, await invite(application)));
  for (const method of ['GET', 'DELETE']) {
    const names = await statementsOf(context, () => application.send(method, '/auth/register/session', undefined, headers));
    assert.equal(names.length, 1);
  }
});
