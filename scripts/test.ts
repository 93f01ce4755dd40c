// Runs one tier of tests with Node's test runner (see `test-tiers.ts`):
//   npm test                                          the tier `embedded`
//   npm run test:postgres -- races                    only files whose path contains one of the words
//   npm test -- --test-name-pattern="one seat"        arguments that begin with a dash go to Node's test runner
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { findChromium } from '../test/support/chromium.ts';
import { migratedTemplate } from '../test/support/embedded-template.ts';
import { findPgbouncer, startPgbouncer } from '../test/support/pgbouncer.ts';
import { startPostgresql } from '../test/support/postgresql.ts';
import { findPostgresqlBinaries } from '../test/support/postgresql-binaries.ts';
import type { Requirement } from '../test/support/requirements.ts';
import { pgbouncerVariable, postgresqlVariable } from '../test/support/test-server.ts';
import { bundleTests } from './bundle-tests.ts';
import { findTiers, type TierName } from './test-tiers.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Milliseconds after which a test file is ended: one that keeps something open does not end by itself. */
const fileTimeout = 300_000;

const [name = '', ...words] = process.argv.slice(2);
process.exitCode = await runTier(name, words);

async function runTier(tierName: string, words: readonly string[]): Promise<number> {
  const tiers = findTiers(root);
  if (!(tierName in tiers)) return refuse(`There is no tier ${tierName}: ${Object.keys(tiers).join(', ')}.`);
  const tier = tiers[tierName as TierName];
  const missing = tier.needs.find((program) => !isInstalled(program));
  if (missing) return refuse(`test:${tierName} needs ${missing}, and this machine does not have it.`);
  const options = words.filter((word) => word.startsWith('-'));
  const parts = words.filter((word) => !word.startsWith('-'));
  const files = tier.paths.filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)));
  if (files.length === 0) return refuse(`No file of test:${tierName} has ${parts.join(' or ')} in its path.`);

  if (tier.database === 'embedded') await migratedTemplate();
  const server =
    tier.database === 'embedded' || process.env[postgresqlVariable]
      ? undefined
      : await startPostgresql({ settings: { max_connections: '300' } });
  const url = process.env[postgresqlVariable] ?? server?.url;
  const pooler = tier.database === 'pgbouncer' && url ? await startPgbouncer({ target: url }) : undefined;
  try {
    const concurrency = Math.max(1, Math.floor(availableParallelism() * tier.filesPerCore));
    return await runNode(
      [
        '--enable-source-maps',
        '--test',
        `--test-concurrency=${concurrency}`,
        `--test-timeout=${fileTimeout}`,
        '--test-reporter=spec',
        ...options,
        ...(await bundleTests(root, files)),
      ],
      {
        CHODAE_TEST_DATABASE: tier.database,
        ...(url && { [postgresqlVariable]: url }),
        ...(pooler && { [pgbouncerVariable]: pooler.url }),
      },
    );
  } finally {
    await pooler?.stop();
    await server?.[Symbol.asyncDispose]();
  }
}

function isInstalled(program: Requirement): boolean {
  if (program === 'postgresql') return Boolean(process.env[postgresqlVariable] ?? findPostgresqlBinaries());
  if (program === 'pgbouncer') return findPgbouncer() !== undefined;
  return program !== 'chromium' || findChromium() !== undefined;
}

function runNode(args: readonly string[], environment: Readonly<Record<string, string>>): Promise<number> {
  const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, ...environment }, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

function refuse(sentence: string): number {
  console.error(sentence);
  return 1;
}
