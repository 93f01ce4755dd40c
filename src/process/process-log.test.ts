import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const program = (failure: string) => `
  import { openProcessLog } from ${JSON.stringify(new URL('process-log.ts', import.meta.url).href)};
  import { readConfig } from ${JSON.stringify(new URL('../config/read-config.ts', import.meta.url).href)};
  openProcessLog(readConfig({}));
  setInterval(() => {}, 1000);
  ${failure}`;

for (const [name, failure] of [
  ['a rejection', `Promise.reject(new Error('홍길동 010-1234-5678'));`],
  ['an exception', `setImmediate(() => { throw new Error('홍길동 010-1234-5678'); });`],
] as const) {
  test(`${name} that no code awaited is one line of level fatal, without what was sent, and ends the process`, () => {
    const options = ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', program(failure)];
    const { status, stdout, stderr } = spawnSync(process.execPath, options, { encoding: 'utf8', timeout: 60_000 });
    assert.equal(status, 1, stderr);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ level, msg }) => [level, msg]),
      [[60, 'unexpected failure: the process ends']],
    );
    assert.doesNotMatch(stdout + stderr, /홍길동|010-1234/);
  });
}
