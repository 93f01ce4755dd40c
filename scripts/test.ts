// `npm test`: runs every *.test.ts; those that ask for a database once for each database that this machine has.
//   npm test -- races sign-up                   only files whose path contains one of the words
//   npm test -- --test-name-pattern="one seat"  what begins with a dash goes to Node's test runner
//   CHODAE_TEST_DATABASE=postgresql npm test    only what runs over this database
//   CHODAE_TEST_REQUIRE=postgresql,chromium     fails where one of these is missing, instead of doing without
import { fileURLToPath } from 'node:url';
import { findChromium } from '../test/support/chromium.ts';
import { embeddedTemplate } from '../test/support/embedded-template.ts';
import { testDatabaseKind } from '../test/support/empty-database.ts';
import { isRequired } from '../test/support/requirements.ts';
import { findDatabases, startDatabases, type TestDatabaseChoice } from './test-databases.ts';
import { databasesOf, findTestFiles, planRuns, type TestFile } from './test-plan.ts';
import { forwardSignals, interruptedBy, runTests, type TestCounts } from './test-runner.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

forwardSignals();
process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  const options = words.filter((word) => word.startsWith('-'));
  const parts = words.filter((word) => !word.startsWith('-'));
  const files = findTestFiles(root).filter((file) => parts.length === 0 || parts.some((part) => file.path.includes(part)));
  const databases = findDatabases();
  const missing = missingRequirement(databases);
  if (missing) return refuse(`CHODAE_TEST_REQUIRE names ${missing}, and this machine does not have it.`);
  const chosen = process.env.CHODAE_TEST_DATABASE ? databases.filter(({ kind }) => kind === testDatabaseKind()) : databases;
  const available = chosen.filter((choice) => choice.available).map((choice) => choice.kind);
  const runs = planRuns(files, available);
  if (runs.length === 0) return refuse('No test file is left to run.');

  announce(chosen, files);
  if (runs.some((run) => run.database === 'embedded')) await embeddedTemplate();
  const started = await startDatabases(runs.some((run) => run.database !== 'embedded') ? databases : []);
  const outcomes: TestCounts[] = [];
  try {
    for (const run of runs) {
      if (interruptedBy()) break;
      console.log(`\n▸ over ${run.database}: ${run.files.length} files`);
      outcomes.push(await runTests(root, run, options, started.environment));
    }
  } finally {
    await started.stop();
  }
  return conclude(outcomes);
}

function missingRequirement(databases: readonly TestDatabaseChoice[]): string | undefined {
  if (isRequired('chromium') && !findChromium()) return 'chromium';
  return databases.find((choice) => choice.kind !== 'embedded' && isRequired(choice.kind) && !choice.available)?.kind;
}

function announce(databases: readonly TestDatabaseChoice[], files: readonly TestFile[]): void {
  console.log('Databases of this run:');
  for (const { kind, available, description } of databases) console.log(`  ${available ? '✔' : '✖'} ${kind.padEnd(10)} ${description}`);
  const kinds = databases.filter((choice) => choice.available).map((choice) => choice.kind);
  const left = files.filter((file) => !databasesOf(file).some((kind) => kinds.includes(kind)));
  if (left.length > 0)
    console.log(`  ${left.length} files run over none of these and are left out: ${left.map((file) => file.path).join(', ')}`);
}

function conclude(outcomes: readonly TestCounts[]): number {
  const signal = interruptedBy();
  if (signal) return refuse(`Interrupted by ${signal}.`);
  const sum = (name: 'passed' | 'failed' | 'skipped') => outcomes.reduce((total, outcome) => total + outcome[name], 0);
  console.log(`\nAll runs: ${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
  return outcomes.find((outcome) => outcome.exitCode !== 0)?.exitCode ?? 0;
}

function refuse(sentence: string): number {
  console.error(sentence);
  return 1;
}
