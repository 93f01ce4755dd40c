import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { assertInvalid, assertRefused } from '../support/assert-refused.ts';
import { samplePerson } from '../support/sign-up-client.ts';
import { bearer, invite, signUpToLastStep } from '../support/sign-up-scenes.ts';
import { everything } from '../support/stored-rows.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());

const person = samplePerson();
const endpoints = [
  { method: 'POST', path: '/auth/invitation/verify', body: { invitation_code: '' } },
  { method: 'PUT', path: '/auth/register/name', body: { session_id: '', name: person.name, password: person.password } },
  { method: 'PUT', path: '/auth/register/birthday', body: { session_id: '', birthday: person.birthday } },
  { method: 'PUT', path: '/auth/register/phone', body: { session_id: '', phone: person.phone } },
];

/** Wrong values made from the right one: a list of one string was once accepted as the string (CVE-2023-7028). */
const wrongValues: Readonly<Record<string, (right: string) => unknown>> = {
  'a number': () => 1,
  zero: () => 0,
  true: () => true,
  false: () => false,
  null: () => null,
  'a list of the right value': (right) => [right],
  'an empty list': () => [],
  'an object': (right) => ({ value: right }),
  'an empty object': () => ({}),
};

let sessionId: string;
before(async () => {
  const code = await invite(application);
  ({ sessionId } = await signUpToLastStep(application, code));
  for (const { body } of endpoints) {
    if ('session_id' in body) body.session_id = sessionId;
    else body.invitation_code = code;
  }
});

for (const { method, path, body } of endpoints) {
  describe(`${method} ${path}`, () => {
    for (const field of Object.keys(body)) {
      test(`refuses ${field} of another type, naming it`, async () => {
        const stored = await everything(application);
        for (const [what, make] of Object.entries(wrongValues)) {
          const right = String(body[field as keyof typeof body]);
          const answer = await application.send(method, path, { ...body, [field]: make(right) });
          assert.equal(answer.status, 422, what);
          assertInvalid(answer, `${field} wrong_type`);
        }
        assert.deepEqual(await everything(application), stored);
      });

      test(`refuses a body without ${field}, naming it`, async () => {
        const { [field as keyof typeof body]: _, ...rest } = body;
        assertInvalid(await application.send(method, path, rest), `${field} required`);
      });
    }

    test('names every wrong field at once', async () => {
      const fields = Object.keys(body);
      assertInvalid(await application.send(method, path, {}), ...fields.map((field) => `${field} required`));
      const wrong = Object.fromEntries(fields.map((field) => [field, 7]));
      assertInvalid(await application.send(method, path, wrong), ...fields.map((field) => `${field} wrong_type`));
    });

    test('refuses a JSON body that is not an object', async () => {
      for (const text of ['null', '[]', '"text"', '7', 'true', '[{}]']) {
        assertInvalid(await application.send(method, path, text), ' not_an_object');
      }
    });

    test('refuses a body that is not JSON or not declared as JSON', async () => {
      for (const text of ['{', '{"a":}', 'a=b', "{'a':1}", '{"a":1,}', '']) {
        assertRefused(await application.send(method, path, text), 400, 'malformed_json');
      }
      const asText = await application.send(method, path, JSON.stringify(body), { 'content-type': 'text/plain' });
      assertRefused(asText, 415, 'unsupported_media_type');
      assertRefused(await application.send(method, path, 'x'.repeat(17 * 1024)), 413, 'payload_too_large');
    });
  });
}

test('the sign-up is unchanged after all of them', async () => {
  const { body } = await application.send('GET', '/auth/register/session', undefined, bearer(sessionId));
  assert.deepEqual(body.completedSteps, ['name', 'birthday']);
  assert.equal((await application.phone(sessionId, person.phone)).status, 200);
});

test('a session id or code in an impossible form is refused by its field', async () => {
  const { name, password } = person;
  for (const impossible of ['', ' ', 'with space', 'x'.repeat(129), '세션', 'a\u0000b', 'a\nb']) {
    assertInvalid(await application.name(impossible, name, password), 'session_id invalid_format');
  }
  assertInvalid(await application.verify(''), 'invitation_code code_empty');
  for (const impossible of ['a\u0000b', '\ud800', 'x'.repeat(257)]) {
    assertInvalid(await application.verify(impossible), 'invitation_code code_invalid');
  }
});
