// `npm run test:faults:long`: every file of test/faults in its long form, one after the other, then the table in docs/evidence/reliability.md.
//   npm run test:faults:long -- killed frozen   only files whose name contains one of the words; rows of earlier runs stay
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writeReliability } from './write-reliability.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const words = process.argv.slice(2);
/** Milliseconds: the longest is a soak of half an hour. */
const longest = 3_600_000;

const files = readdirSync(`${root}test/faults`)
  .filter((file) => /\.(?:test|long)\.ts$/.test(file))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
const failed = files.filter((file) => !passes(`test/faults/${file}`));
writeReliability();
if (failed.length > 0) {
  console.error(`Failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}

function passes(file: string): boolean {
  console.log(`\n▸ ${file}`);
  const environment = { CHODAE_TEST_DATABASE: 'postgresql', ...process.env, CHODAE_FAULTS: 'long' };
  const options = ['--import', 'tsx', '--test', `--test-timeout=${longest}`, '--test-reporter=spec'];
  return spawnSync(process.execPath, [...options, file], { cwd: root, env: environment, stdio: 'inherit' }).status === 0;
}
