import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { testDatabaseKind } from '../support/empty-database.ts';
import { runChodae } from '../support/run-chodae.ts';
import { type SeededServer, startSeededServer } from '../support/seeded-server.ts';
import { missingPrograms, runInShell } from '../support/shell.ts';

const skip = missingPrograms('bash', 'curl');
const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const readme = read('README.md');

/** The curl commands of a document, each with its continued lines. */
function curlCommands(text: string): string[] {
  return [...text.matchAll(/^curl (?:.*\\\n)*.*$/gm)].map((match) => match[0]);
}

/** The README's port if it is free, else any. */
async function startOnReadmePort(): Promise<SeededServer> {
  const environment = { PORT: '8000' };
  return startSeededServer({ environment, args: ['--port', '8000'] }).catch(() => startSeededServer());
}

test("the README's curl commands complete a sign-up, with only the session id filled in", { skip }, async (context) => {
  await using server = await startOnReadmePort();
  const isVerbatim = server.url.endsWith(':8000');
  if (!isVerbatim) context.diagnostic('port 8000 is taken: the commands were sent to another port');
  const commands = curlCommands(readme);
  assert.equal(commands.length, 4, 'the README shows the four requests');
  let sessionId = '';
  const answers: string[] = [];
  for (const command of commands) {
    const typed = command.replace('your-session-id', sessionId).replace('http://127.0.0.1:8000', server.url);
    const { code, stdout } = await runInShell(typed);
    assert.equal(code, 0, typed);
    answers.push(stdout);
    sessionId ||= JSON.parse(stdout).sessionId;
  }
  assert.match(sessionId, /^[0-9a-f]{32}$/);
  const bodies = answers.map((answer) => JSON.parse(answer));
  assert.deepEqual(
    bodies.map((body) => body.valid ?? body.ok),
    [true, true, true, true],
  );
  const promised = /The last answer is `([^`]+)`/.exec(readme)?.[1];
  assert.equal(answers.at(-1), promised);
});

test('the Korean README shows the same commands', () => {
  assert.deepEqual(curlCommands(read('README.ko.md')), curlCommands(readme));
});

test('the commands that the README gives for PostgreSQL work', {
  skip: testDatabaseKind() === 'embedded' && 'about PostgreSQL',
}, async () => {
  await using seeded = await startSeededServer();
  const block = /## Use your PostgreSQL\n\n```sh\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const commands = [...block.matchAll(/^npm run chodae -- (.+)$/gm)].map((match) => match[1]?.split(' ') ?? []);
  assert.deepEqual(commands, [['doctor'], ['migrate'], ['seed']]);
  for (const words of commands) {
    const { code, stdout, stderr } = await runChodae(words, { environment: seeded.database.environment });
    assert.equal(code, 0, `chodae ${words.join(' ')}:\n${stdout}${stderr}`);
  }
  const psql = /^psql .*$/m.exec(readme)?.[0] ?? assert.fail('the README shows how to make an invitation');
  if (missingPrograms('psql')) return;
  const made = await runInShell(psql, { environment: { DATABASE_URL: seeded.database.url ?? '' } });
  assert.deepEqual([made.code, made.stdout], [0, 'INSERT 0 1\n'], made.stderr);
  const code = /VALUES \('(\w+)'\)/.exec(psql)?.[1];
  const answer = await fetch(`${seeded.url}/auth/invitation/verify`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ invitation_code: code }),
  });
  assert.equal(answer.status, 200);
});
