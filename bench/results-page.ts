import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { findPostgresqlBinaries } from '../test/support/postgresql-binaries.ts';
import { drawResults } from './results-picture.ts';
import { median, type Row } from './rounds.ts';

/** A figure in the columns of a part's table. */
export interface Column {
  /** The name of the figure in each row. */
  readonly figure: string;
  readonly head: string;
  readonly digits: number;
}

export interface Demand {
  readonly what: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  /** By round; empty where it could not be measured. */
  readonly figures: readonly number[];
  readonly unit?: string;
  readonly digits: number;
}

/** What a part has measured. The page and the picture are made from it. */
export interface PartResult {
  readonly title: string;
  /** Markdown: what was done. */
  readonly about: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly demands: readonly Demand[];
}

/** A part as results.json keeps it. */
export interface KeptPart extends PartResult {
  readonly command: string;
  readonly circumstances: string;
  readonly rounds: number;
  /** Load average of the machine before and after. */
  readonly load: readonly [number, number];
}

export interface Results {
  readonly parts: Readonly<Record<string, KeptPart>>;
}

/** Where the committed results are; `--quick` writes elsewhere. */
export const committedFolder = fileURLToPath(new URL('.', import.meta.url));

const title = '# Measurements\n\nEach section says what was measured, on which machine, at which commit, and how to repeat it.\n';

/** @returns the machine, the versions and the commit, as a sentence. */
export function circumstances(): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const model = cpus()[0]?.model.trim() || 'unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  const binaries = findPostgresqlBinaries();
  const postgresql = binaries ? execFileSync(`${binaries}/postgres`, ['--version'], { encoding: 'utf8' }).split(' ')[2]?.trim() : 'missing';
  return `${cpus().length} cores (${model}), ${memory} GiB, Node ${process.versions.node}, PostgreSQL ${postgresql}, ${process.platform}; commit ${commit}.`;
}

export const loadNow = () => loadavg()[0] ?? Number.NaN;

/** Puts a section of `results.md` in the place of the one with the same heading, or at the end. */
export function writeSection(heading: string, content: string, folder = committedFolder): void {
  const page = `${folder}/results.md`;
  const text = existsSync(page) ? readFileSync(page, 'utf8') : title;
  const sections = text.split(/^(?=## )/m);
  const own = `## ${heading}\n\n${content.trim()}\n`;
  const place = sections.findIndex((section) => section.startsWith(`## ${heading}\n`));
  if (place === -1) sections.push(own);
  else sections[place] = own;
  writeFileSync(page, `${sections.map((section) => section.trim()).join('\n\n')}\n`);
}

export function readResults(folder = committedFolder): Results {
  const file = `${folder}/results.json`;
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { parts: {} };
}

/** Keeps what a part has measured in results.json, and makes the page and the picture again from it. */
export function keepPart(name: string, part: KeptPart, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const results: Results = { parts: { ...readResults(folder).parts, [name]: part } };
  writeFileSync(`${folder}/results.json`, `${JSON.stringify(results, undefined, 1)}\n`);
  writeFileSync(`${folder}/results.svg`, drawResults(results));
  writeSection('Demands', demandsOf(results), folder);
  writeSection(part.title, pageOf(part), folder);
}

/** @returns the section with the demands of all parts. */
export function demandsOf({ parts }: Results): string {
  const lines = Object.values(parts).flatMap(({ demands }) => demands.map(demandLine));
  return ['![the figures of the sections below](results.svg)', '', '| measure | demand | figure | |', '|---|---|---|---|', ...lines].join(
    '\n',
  );
}

function demandLine(demand: Demand): string {
  const { what, atLeast, atMost, unit = '', digits, figures } = demand;
  const bound = atLeast === undefined ? `≤ ${atMost}${unit}` : `≥ ${atLeast}${unit}`;
  const figure = figures.length === 0 ? 'not measured' : `${median(figures).toFixed(digits)}${unit}`;
  return `| ${what} | ${bound} | ${figure} | ${figures.length === 0 ? '' : isMet(demand) ? 'met' : '**not met**'} |`;
}

export function isMet({ atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY, figures }: Demand): boolean {
  return median(figures) >= atLeast && median(figures) <= atMost;
}

/** @returns the section of a part. */
export function pageOf(part: KeptPart): string {
  const { about, columns, rows, demands, rounds, load } = part;
  const loads = load.map((one) => one.toFixed(1)).join(' and ');
  const times = rounds === 1 ? 'one round' : `medians (least to most) of ${rounds} rounds that go around the candidates`;
  return [
    `${part.circumstances} \`${part.command}\``,
    '',
    `${about} ${times[0]?.toUpperCase()}${times.slice(1)}; load average before and after: ${loads}.`,
    '',
    `| | ${columns.map(({ head }) => head).join(' | ')} |`,
    `|---|${columns.map(() => '---:').join('|')}|`,
    ...rows.map(({ name, figures }) => `| ${name} | ${columns.map((column) => cell(figures[column.figure], column.digits)).join(' | ')} |`),
    ...(demands.length === 0 ? [] : ['', '| demand | | figure | |', '|---|---|---|---|', ...demands.map(demandLine)]),
  ].join('\n');
}

function cell(values: readonly number[] | undefined, digits: number): string {
  if (!values || values.length === 0) return '';
  const written = (value: number) => value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const spread = values.length === 1 ? '' : ` (${written(Math.min(...values))} to ${written(Math.max(...values))})`;
  return `${written(median(values))}${spread}`;
}
