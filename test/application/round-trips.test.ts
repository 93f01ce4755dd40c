import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import type { LimitsConfig } from '../../src/config/config.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { type Application, openApplication } from '../support/application.ts';
import { samplePerson } from '../support/sign-up-client.ts';
import { bearer, beginSignUp, invite, signUpToLastStep } from '../support/sign-up-scenes.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());

/** @returns the names of the statements that a request sent to the database. */
async function statementsOf(context: TestContext, request: () => Promise<unknown>, of: Application = application): Promise<string[]> {
  const { database } = of.services;
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

test('with limits on, a sign-up from an address seen lately costs the same, and a new address one statement more each time it is new', async (context) => {
  await using limited = await openApplication({ limits: readConfig({}).limits as LimitsConfig, trustedProxies: 1 });
  const signUp = async (address: string, code: string) => {
    const client = samplePerson();
    const send = (method: string, path: string, body: object) => limited.send(method, path, body, { 'x-forwarded-for': address });
    let session_id: unknown;
    const requests = {
      async verify() {
        session_id = (await send('POST', '/auth/invitation/verify', { invitation_code: code })).body.sessionId;
      },
      name: () => send('PUT', '/auth/register/name', { session_id, name: client.name, password: client.password }),
      birthday: () => send('PUT', '/auth/register/birthday', { session_id, birthday: client.birthday }),
      phone: () => send('PUT', '/auth/register/phone', { session_id, phone: client.phone }),
    };
    const counted: Record<string, number> = {};
    for (const [step, request] of Object.entries(requests)) counted[step] = (await statementsOf(context, request, limited)).length;
    assert.deepEqual(await limited.query('SELECT FROM "User" WHERE name = $1', [client.name]), [{}]);
    return counted;
  };
  const inShared = limited.services.database.kind === 'postgresql' ? 1 : 0;
  const seen = { verify: 1, name: 2, birthday: 1, phone: 1 };
  // Verifying, other requests, and passwords are counted apart, so each is new once; then every eighth request asks for more points.
  const fresh = { ...seen, verify: 1 + inShared, name: 2 + 2 * inShared };
  assert.deepEqual(await signUp('192.0.2.1', await invite(limited)), fresh);
  assert.deepEqual(await signUp('192.0.2.1', await invite(limited)), seen);
  assert.deepEqual(await signUp('192.0.2.2', await invite(limited)), fresh);
  assert.deepEqual(await signUp('192.0.2.2', ` ${(await invite(limited)).toLowerCase()}`), { ...seen, verify: 2 });
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

test('reading, renewing and abandoning a session cost one statement each', async (context) => {
  const headers = bearer(await beginSignUp(application, await invite(application)));
  for (const [method, path] of [
    ['GET', '/auth/register/session'],
    ['POST', '/auth/register/session/renew'],
    ['DELETE', '/auth/register/session'],
  ] as const) {
    const names = await statementsOf(context, () => application.send(method, path, undefined, headers));
    assert.equal(names.length, 1);
  }
});
