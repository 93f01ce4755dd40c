import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { measureFlood } from './parts/flood.ts';
import { measureFunnel } from './parts/funnel.ts';
import { measureRequests } from './parts/requests.ts';
import { measureDatabases, measureDelay, measureProcesses, measureRows } from './parts/scale.ts';
import { measureSignUps } from './parts/sign-ups.ts';
import { measureStart } from './parts/start.ts';
import { writeQuotedFigures } from './quoted-figures.ts';
import { circumstances, committedFolder, isMet, keepPart, loadNow, type PartResult, readResults } from './results-page.ts';
import { type Extent, median } from './rounds.ts';

/**
 * Measures everything: `npm run bench`; some parts: `npm run bench -- verify start`. Each part starts what it needs on 127.0.0.1 and replaces its
 * section of results.md, results.json and results.svg, and the figures in the READMEs. `--quick` has one short round of small tables and writes to `.cache/bench/quick` instead.
 * `--rounds 9` repeats more often.
 */
const parts: Readonly<Record<string, (extent: Extent) => Promise<PartResult>>> = {
  verify: (extent) => measureRequests('verify', extent),
  birthday: (extent) => measureRequests('birthday', extent),
  phone: (extent) => measureRequests('phone', extent),
  'sign-ups': measureSignUps,
  flood: measureFlood,
  start: measureStart,
  rows: measureRows,
  processes: measureProcesses,
  databases: measureDatabases,
  delay: measureDelay,
  funnel: measureFunnel,
};

/** Programs that write sections of their own: their arguments in full and in quick. */
const programs: Readonly<Record<string, { readonly full: readonly string[]; readonly quick: readonly string[] }>> = {
  listing: { full: ['--write'], quick: ['2000'] },
  bulk: { full: ['--write'], quick: ['1000'] },
  limits: { full: ['--write'], quick: ['--quick'] },
};

const words = process.argv.slice(2);
const isQuick = words.includes('--quick');
const roundsAt = words.indexOf('--rounds');
const rounds = roundsAt === -1 ? 5 : Number(words[roundsAt + 1]);
const chosen = words.filter((word, at) => !word.startsWith('--') && (roundsAt === -1 || at !== roundsAt + 1));
const known = [...Object.keys(parts), ...Object.keys(programs)];
const unknown = chosen.filter((name) => !known.includes(name));
if (unknown.length > 0 || !(rounds >= 1)) {
  console.error(`Unknown: ${unknown.join(', ') || `--rounds ${words[roundsAt + 1]}`}. Parts: ${known.join(', ')}.`);
  process.exit(2);
}

const folder = isQuick ? fileURLToPath(new URL('../.cache/bench/quick/', import.meta.url)) : committedFolder;
const extent: Extent = isQuick ? { isQuick, rounds: 1, seconds: 1 } : { isQuick, rounds, seconds: 5 };
for (const name of chosen.length > 0 ? chosen : known) {
  console.error(`\n${name}`);
  const program = programs[name];
  if (program) {
    const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
    const { status } = spawnSync(process.execPath, ['--import', 'tsx', file, ...program[isQuick ? 'quick' : 'full']], { stdio: 'inherit' });
    if (status !== 0) process.exit(1);
    continue;
  }
  const before = loadNow();
  const result = await parts[name]?.(extent);
  if (!result) continue;
  keepPart(
    name,
    { ...result, command: `npm run bench -- ${name}`, circumstances: circumstances(), rounds: extent.rounds, load: [before, loadNow()] },
    folder,
  );
  if (!isQuick) writeQuotedFigures(readResults());
  for (const demand of result.demands) {
    const figure = demand.figures.length === 0 ? 'not measured' : `${median(demand.figures).toFixed(demand.digits)}${demand.unit ?? ''}`;
    console.log(`${isMet(demand) ? 'met    ' : 'not met'} ${demand.what}: ${figure}`);
  }
}
console.log(`Results: ${folder}results.md`);
