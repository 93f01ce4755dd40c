import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runChodae } from '../support/run-chodae.ts';
import { startSeededServer } from '../support/seeded-server.ts';
import { signUpClient } from '../support/sign-up-client.ts';

interface Listed {
  readonly items: readonly { readonly attempt: string; readonly completed_steps: readonly string[] }[];
  readonly next: string | null;
}

test('an operator lists the sign-ups in progress of a code and ends one, without seeing a session id', async () => {
  await using server = await startSeededServer();
  const { environment } = server.database;
  const korean = { ...environment, LANG: 'ko_KR.UTF-8' };
  const made = await runChodae(['invite', 'create', 'HALL-2030', '--max-uses', '3'], { environment });
  assert.equal(made.code, 0, made.stderr);
  const client = signUpClient(server.url);
  const sessions: string[] = [];
  for (let seat = 0; seat < 3; seat += 1) sessions.push(String((await client.verify('HALL-2030')).body.sessionId));
  assert.equal((await client.birthday(String(sessions[0]), '1990-01-01')).status, 200);
  assert.equal((await client.verify('HALL-2030')).body.code, 'invitation_full');
  assert.match((await runChodae(['invite', 'show', 'HALL-2030'], { environment })).stdout, /Seats +0\/3 \(3 held, 2 without a step\)/);
  assert.match((await runChodae(['invite', 'show', 'HALL-2030'], { environment: korean })).stdout, /0\/3 \(3 진행 중, 그중 2 입력 전\)/);

  const listed = await runChodae(['session', 'list', '--invitation', 'hall 2030', '--json'], { environment });
  assert.equal(listed.code, 0, listed.stderr);
  const { items, next } = JSON.parse(listed.stdout) as Listed;
  assert.deepEqual([items.map(({ completed_steps }) => completed_steps), next], [[[], [], ['birthday']], null]);
  const first = await runChodae(['session', 'list', '--limit', '1'], { environment });
  assert.match(first.stdout, /^ATTEMPT +INVITATION +/);
  const cursor = /--cursor (\S+)/.exec(first.stderr)?.[1]?.replace(/\.$/, '') ?? assert.fail(first.stderr);
  const second = await runChodae(['session', 'list', '--limit', '1', '--cursor', cursor, '--json'], { environment });
  assert.equal((JSON.parse(second.stdout) as Listed).items[0]?.attempt, items[1]?.attempt);

  const attempt = items[2]?.attempt ?? '';
  const unasked = await runChodae(['session', 'end', attempt], { environment });
  assert.deepEqual([unasked.code, unasked.stdout], [2, '']);
  const ended = await runChodae(['session', 'end', attempt, '--yes'], { environment: korean });
  assert.deepEqual([ended.code, ended.stdout, ended.stderr], [0, `${attempt} 가입을 끝냈습니다.\n`, '']);
  assert.equal((await client.birthday(String(sessions[0]), '1990-01-01')).body.code, 'session_not_found');
  assert.equal((await client.signUp('HALL-2030')).answer.status, 200);

  const again = await runChodae(['session', 'end', attempt, '--yes', '--json'], { environment });
  assert.deepEqual([again.code, JSON.parse(again.stdout).error.problem.code], [1, 'sign_up_unknown']);
  const odd = await runChodae(['session', 'end', '../users/1', '--yes'], { environment });
  assert.equal(odd.code, 1);
  for (const [words, code] of [
    [['session', 'end'], 2],
    [['session', 'list', '--limit', '0'], 2],
    [['session', 'list', '--invitation', 'NO-SUCH-CODE'], 1],
  ] as const) {
    assert.equal((await runChodae(words, { environment })).code, code, words.join(' '));
  }
  const json = await runChodae(['session', 'end', items[1]?.attempt ?? '', '--yes', '--json'], { environment });
  const answer = JSON.parse(json.stdout) as { ended: boolean; attempt: string };
  assert.deepEqual([answer.ended, answer.attempt], [true, items[1]?.attempt]);
  const seats = await runChodae(['invite', 'create', 'WALL-2030', '--max-uses', '2'], { environment });
  assert.equal(seats.code, 0, seats.stderr);
  for (let seat = 0; seat < 2; seat += 1) assert.equal((await client.verify('WALL-2030')).status, 200);
  assert.equal((await runChodae(['invite', 'release', 'WALL-2030'], { environment })).code, 2);
  const released = await runChodae(['invite', 'release', 'WALL-2030', '--yes'], { environment });
  assert.deepEqual([released.code, released.stdout], [0, 'Sign-ups ended on WALL-2030: 2.\n']);
  const rest = await runChodae(['invite', 'release', 'HALL-2030', '--all', '--yes', '--json'], { environment: korean });
  assert.deepEqual([rest.code, JSON.parse(rest.stdout).ended], [0, 1]);
  assert.equal((await runChodae(['session', 'list', '--campaign', 'none'], { environment })).stderr, 'No sign-ups are under way.\n');

  const printed = [listed, first, second, ended, again, odd, json].map(({ stdout, stderr }) => stdout + stderr).join('');
  for (const sessionId of sessions) assert.ok(!printed.includes(sessionId));
});
