import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { FaultRecord } from '../test/support/fault-record.ts';

const page = fileURLToPath(new URL('../docs/evidence/reliability.md', import.meta.url));
const folder = fileURLToPath(new URL('../.cache/faults/', import.meta.url));
const begin = '<!-- faults: written by npm run test:faults:long -->';
const end = '<!-- end of faults -->';

/** Puts what the long forms recorded in .cache/faults into docs/evidence/reliability.md: each row with its date, above them the machine and the commit. */
export function writeReliability(): void {
  const text = readFileSync(page, 'utf8');
  const [before, after] = [text.indexOf(begin), text.indexOf(end)];
  if (before === -1 || after === -1) throw new Error(`${page} has no place for the table: a line "${begin}" and a line "${end}"`);
  const rows = readRecords().map(({ fault, demand, seen, at }) => `| ${fault} | ${demand} | ${seen} | ${at.slice(0, 10)} |`);
  const table = ['| fault | demand | seen | date |', '|---|---|---|---|', ...rows];
  writeFileSync(page, `${text.slice(0, before)}${begin}\n${circumstances()}\n\n${table.join('\n')}\n${text.slice(after)}`);
}

function readRecords(): (FaultRecord & { readonly at: string })[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((file) => JSON.parse(readFileSync(`${folder}${file}`, 'utf8')));
}

function circumstances(): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const model = cpus()[0]?.model.trim() || 'unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `Machine: ${cpus().length} cores (${model}) shared with other work, ${memory} GiB; Node ${process.versions.node}; commit ${commit}.`;
}
