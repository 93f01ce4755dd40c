import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { readBody, samplePerson } from '../support/sign-up-client.ts';
import { invite } from '../support/sign-up-scenes.ts';
import { countUsersOf } from '../support/stored-rows.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());

type Sent = { readonly headers: Readonly<Record<string, string>>; readonly payload: Buffer };

const json = { 'content-type': 'application/json' };
const mark = Buffer.from([0xef, 0xbb, 0xbf]);

/** How clients that worked with the original send a body. */
const spellings: Readonly<Record<string, (text: string) => Sent>> = {
  'application/json': (text) => ({ headers: json, payload: Buffer.from(text) }),
  'no Content-Type, as `requests` with data=json.dumps(…)': (text) => ({ headers: {}, payload: Buffer.from(text) }),
  'application/vnd.api+json': (text) => ({ headers: { 'content-type': 'application/vnd.api+json' }, payload: Buffer.from(text) }),
  'application/ld+json with parameters': (text) => ({
    headers: { 'content-type': 'Application/LD+JSON; charset=utf-8; profile="https://example.com"' },
    payload: Buffer.from(text),
  }),
  'application/problem+json with a space before the semicolon': (text) => ({
    headers: { 'content-type': 'application/problem+json ;v=1' },
    payload: Buffer.from(text),
  }),
  'a byte order mark': (text) => ({ headers: json, payload: Buffer.concat([mark, Buffer.from(text)]) }),
  'a byte order mark and no Content-Type': (text) => ({ headers: {}, payload: Buffer.concat([mark, Buffer.from(text)]) }),
};

async function send(method: 'POST' | 'PUT', url: string, { headers, payload }: Sent) {
  const { statusCode, payload: text, headers: answered } = await application.http.inject({ method, url, headers, payload });
  return { status: statusCode, location: answered.location, body: readBody(text) };
}

/** Sends the four requests, each built by `spell`, and follows redirects with the same method and body. */
async function signUp(spell: (text: string) => Sent, slash = ''): Promise<{ statuses: number[]; redirects: number }> {
  const code = await invite(application);
  const { name, password, birthday, phone } = samplePerson();
  let redirects = 0;
  async function request(method: 'POST' | 'PUT', path: string, body: object) {
    const sent = spell(JSON.stringify(body));
    const answer = await send(method, `${path}${slash}`, sent);
    if (answer.status !== 307) return answer;
    redirects += 1;
    return send(method, String(answer.location), sent);
  }
  const verified = await request('POST', '/auth/invitation/verify', { invitation_code: code });
  const session_id = verified.body.sessionId;
  const answers = [
    verified,
    await request('PUT', '/auth/register/name', { session_id, name, password }),
    await request('PUT', '/auth/register/birthday', { session_id, birthday }),
    await request('PUT', '/auth/register/phone', { session_id, phone }),
  ];
  assert.equal(await countUsersOf(application, code), 1);
  return { statuses: answers.map(({ status }) => status), redirects };
}

for (const [name, spell] of Object.entries(spellings)) {
  test(`the four requests are read as clients of the original send them: ${name}`, async () => {
    assert.deepEqual(await signUp(spell), { statuses: [200, 200, 200, 200], redirects: 0 });
    assert.deepEqual(await signUp(spell, '/'), { statuses: [200, 200, 200, 200], redirects: 4 });
  });
}

test('a redirect names the same path without the slash, and other methods are still refused', async () => {
  const redirected = await send('POST', '/auth/invitation/verify/?next=//evil.example', { headers: json, payload: Buffer.from('{') });
  assert.deepEqual([redirected.status, redirected.location], [307, '/auth/invitation/verify']);
  assert.equal((await send('PUT', '/auth/invitation/verify/', { headers: json, payload: Buffer.from('{}') })).status, 405);
  assert.equal((await send('POST', '/auth/invitation/verify//', { headers: json, payload: Buffer.from('{}') })).status, 404);
});

test('other types, two marks and other routes stay strict', async () => {
  const body = Buffer.from(JSON.stringify({ invitation_code: 'TEST001' }));
  const verify = (headers: Sent['headers'], payload: Buffer = body) => send('POST', '/auth/invitation/verify', { headers, payload });
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'text/x+json', 'application/json+xml']) {
    assert.equal((await verify({ 'content-type': type })).status, 415, type);
  }
  assert.equal((await verify(json, Buffer.concat([mark, mark, body]))).status, 400);
  assert.equal((await verify(json, mark)).status, 400);
  const { statusCode } = await application.http.inject({ method: 'POST', url: '/admin/invitations', headers: json, payload: mark });
  assert.equal(statusCode, 401);
});
