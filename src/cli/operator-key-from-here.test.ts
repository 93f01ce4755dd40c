import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary.ts';
import { UsageError } from './exit-codes.ts';
import { operatorKeyFromHere } from './operator-key-from-here.ts';

const one = `chodae_key_${'1'.repeat(40)}`;
const other = `chodae_key_${'2'.repeat(40)}`;

test('the key is that of the file, else that of the environment', () => {
  const folder = temporaryFolder('key');
  const file = path.join(folder.path, 'key');
  writeFileSync(file, `${one}\n`);
  assert.equal(operatorKeyFromHere(file, 'en', { CHODAE_OPERATOR_KEY: other }), one);
  assert.equal(operatorKeyFromHere(undefined, 'en', { CHODAE_OPERATOR_KEY: ` ${other} ` }), other);
  folder.remove();
});

test('no key, or something else in its place, is misuse, and nothing of it is shown', () => {
  const folder = temporaryFolder('key');
  const file = path.join(folder.path, 'key');
  writeFileSync(file, 'hunter2\n');
  const mistakes: [string | undefined, NodeJS.ProcessEnv, RegExp][] = [
    [undefined, {}, /CHODAE_OPERATOR_KEY/],
    [undefined, { CHODAE_OPERATOR_KEY: '' }, /--key-file/],
    [undefined, { CHODAE_OPERATOR_KEY: 'hunter2' }, /CHODAE_OPERATOR_KEY holds no operator key/],
    [file, {}, /--key-file .* holds no operator key/],
    [path.join(folder.path, 'none'), {}, /cannot be read \(ENOENT\)/],
    [folder.path, {}, /cannot be read \(EISDIR\)/],
  ];
  for (const [keyFile, environment, sentence] of mistakes) {
    assert.throws(
      () => operatorKeyFromHere(keyFile, 'en', environment),
      (error) => error instanceof UsageError && sentence.test(error.message) && !error.message.includes('hunter2'),
    );
  }
  folder.remove();
});
