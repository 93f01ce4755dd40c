import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

const page = new URL('results.md', import.meta.url);
const title = '# Measurements\n\nEach section says what was measured, on which machine, at which commit, and how to repeat it.\n';

/** @returns the machine and the commit, as a sentence. */
export function circumstances(): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const model = cpus()[0]?.model.trim() || 'unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} cores (${model}), ${memory} GiB, Node ${process.versions.node}, ${process.platform}; commit ${commit}.`;
}

/** Puts a section of `results.md` in the place of the one with the same heading, or at the end. */
export function writeSection(heading: string, content: string): void {
  const text = existsSync(page) ? readFileSync(page, 'utf8') : title;
  const sections = text.split(/^(?=## )/m);
  const own = `## ${heading}\n\n${content.trim()}\n`;
  const place = sections.findIndex((section) => section.startsWith(`## ${heading}\n`));
  if (place === -1) sections.push(own);
  else sections[place] = own;
  writeFileSync(page, `${sections.map((section) => section.trim()).join('\n\n')}\n`);
}
