import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { recordFault } from '../support/fault-record.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Fewer only to try this file. */
const sessions = Number(process.env.CHODAE_EXPIRED_SESSIONS ?? 1_000_000);

test('a million sign-ups that expire within 20 seconds are gone within five minutes, and others wait less than twice as long', async (context) => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', 'bench/sweep.ts', String(sessions), '4'], {
    cwd: root,
  });
  const gone = Number(/gone (-?\d+) s after the last/.exec(stdout)?.[1]);
  const [quiet = Number.NaN, meanwhile = Number.NaN] = [...stdout.matchAll(/p99 ([\d.]+) ms/g)].map(([, found]) => Number(found));
  const summary = `gone ${gone} s after the last had expired; 100 verifications a second: p99 ${quiet} ms before, ${meanwhile} ms meanwhile`;
  context.diagnostic(summary);
  assert.ok(gone <= 300, summary);
  assert.ok(meanwhile <= 2 * quiet, summary);
  recordFault({
    name: 'million-expired',
    fault: `${sessions.toLocaleString('en')} sign-ups expire within 20 s, and four processes sweep`,
    demand: 'gone within 5 minutes; the p99 of others at most twice what it was',
    seen: summary,
  });
});
