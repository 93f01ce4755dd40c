import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { PartResult } from '../results-page.ts';
import type { Extent } from '../rounds.ts';

/** The funnel over a year: its own program writes the section with all shapes; this keeps the figure that is demanded. */
export async function measureFunnel({ isQuick }: Extent): Promise<PartResult> {
  const file = fileURLToPath(new URL('../funnel.ts', import.meta.url));
  const signUps = isQuick ? 5_000 : 250_000;
  const { stdout, status } = spawnSync(process.execPath, ['--import', 'tsx', file, String(signUps), ...(isQuick ? [] : ['--write'])], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`bench/funnel.ts ended with ${status}`);
  const rows = ['PostgreSQL', 'embedded'].map((name) => ({
    name: `Chodae, ${name}`,
    figures: { milliseconds: [Number(new RegExp(`^\\| ${name}.*\\| \\*\\*the service.* a year \\| (\\d+)`, 'm').exec(stdout)?.[1])] },
  }));
  const seconds = (rows[0]?.figures.milliseconds ?? []).map((one) => one / 1000);
  return {
    title: 'Funnel over a year',
    about: `${signUps.toLocaleString('en')} sign-ups in a year, by day, with medians; the median of seven runs. The section Funnel has other shapes of the statement.`,
    columns: [{ figure: 'milliseconds', head: 'ms', digits: 0 }],
    rows,
    demands: [
      { what: `funnel of ${signUps.toLocaleString('en')} sign-ups in a year`, atMost: 0.7, unit: ' s', figures: seconds, digits: 2 },
    ],
  };
}
