import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findSchemathesis } from '../support/schemathesis.ts';
import { startSeededServer } from '../support/seeded-server.ts';
import { missingPrograms, runInShell } from '../support/shell.ts';
import { temporaryFolder } from '../support/temporary.ts';

const script = fileURLToPath(new URL('../../examples/original.sh', import.meta.url));
const skip = missingPrograms('bash', 'curl', 'sed', 'grep');

test("the original's curl session completes a sign-up, and fails if the code is used up", { skip }, async () => {
  await using server = await startSeededServer();
  const environment = { BASE_URL: server.url };
  const first = await runInShell(`bash ${script}`, { environment });
  assert.deepEqual([first.code, first.stderr], [0, '']);
  assert.match(first.stdout, /"userId":1\}/);

  const again = await runInShell(`bash ${script}`, { environment });
  assert.equal(again.code, 1);
  assert.match(again.stdout, /"code":"invitation_used"/);

  const other = await runInShell(`bash ${script}`, { environment: { ...environment, CODE: 'TEST002' } });
  assert.deepEqual([other.code, other.stderr], [0, '']);
  assert.match(other.stdout, /"userId":2\}/);
});

const withoutType = `
call() { curl --silent --show-error --location --request "$1" --header 'Content-Type:' --header "$4" --data "$3" "$BASE_URL$2"; echo; }
session=$(call POST /auth/invitation/verify/ '{"invitation_code":"TEST001"}' 'X-Client: slash' | sed 's/.*"sessionId":"\\([0-9a-f]*\\)".*/\\1/')
call PUT /auth/register/name "{\\"session_id\\":\\"$session\\",\\"name\\":\\"홍길동\\",\\"password\\":\\"wet-lantern-orbit-41\\"}" 'X-Client: no type'
call PUT /auth/register/birthday/ "{\\"session_id\\":\\"$session\\",\\"birthday\\":\\"1990-01-01\\"}" 'Content-Type: application/merge-patch+json'
printf '\\357\\273\\277{"session_id":"%s","phone":"010-1234-5678"}' "$session" > body
curl --silent --show-error --request PUT --header 'Content-Type: application/json' --data-binary @body "$BASE_URL/auth/register/phone"
`;

test('curl signs up without a content type, with a slash, a type of JSON and a byte order mark', { skip }, async () => {
  await using server = await startSeededServer();
  const own = temporaryFolder('clients');
  const { code, stdout, stderr } = await runInShell(withoutType, { environment: { BASE_URL: server.url }, directory: own.path });
  own.remove();
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /"userId":1\}$/, stdout);
});

const pythonClient = `
import json, os, requests
url = os.environ['BASE_URL']
def send(method, path, **body):
    answer = requests.request(method, url + path, data=json.dumps(body))
    answer.raise_for_status()
    return answer.json()
session = send('POST', '/auth/invitation/verify', invitation_code='TEST001')['sessionId']
send('PUT', '/auth/register/name/', session_id=session, name='홍길동', password='wet-lantern-orbit-41')
send('PUT', '/auth/register/birthday', session_id=session, birthday='1990-01-01')
print(send('PUT', '/auth/register/phone/', session_id=session, phone='010-1234-5678')['userId'])
`;
/** It has the library with it. */
const [, folder] = /^(.*)\/st$/.exec(findSchemathesis() ?? '') ?? [];
const python = folder && `${folder}/python`;

test("requests signs up with data=json.dumps(…), the library's way without a content type", {
  skip: python ? false : 'no Python with requests',
}, async () => {
  await using server = await startSeededServer();
  const own = temporaryFolder('clients');
  const script = path.join(own.path, 'client.py');
  writeFileSync(script, pythonClient);
  const { code, stdout, stderr } = await runInShell(`${python} ${script}`, { environment: { BASE_URL: server.url } });
  own.remove();
  assert.deepEqual([code, stdout, stderr], [0, '1\n', '']);
});
