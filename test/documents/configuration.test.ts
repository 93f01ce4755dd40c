import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Setting } from '../../src/config/setting.ts';
import { settingRows } from '../../src/config/settings.ts';

const page = new URL('../../docs/reference/configuration.md', import.meta.url);
const begin = '<!-- settings: begin (compared with src/config/settings.ts by a test) -->';
const end = '<!-- settings: end -->';

function row({ name, default: fallback, unit, write, meaning, secret }: Setting): string {
  const cells = [
    `\`${name}\``,
    fallback === undefined ? 'not set' : `\`${fallback}\``,
    write.includes('://') ? `\`${write}\`` : write,
    unit ?? '',
    secret ? `${meaning} Its password is never printed.` : meaning,
  ];
  return `| ${cells.join(' | ')} |`;
}

function table(): string {
  const head = ['| Variable | Default | What to write | Unit | Meaning |', '| --- | --- | --- | --- | --- |'];
  return [...head, ...settingRows.map(row)].join('\n');
}

test('docs/reference/configuration.md shows the table of settings', () => {
  const text = readFileSync(page, 'utf8');
  const shown = text.split(begin)[1]?.split(end)[0]?.trim();
  assert.equal(shown, table(), `Between its two comments, docs/reference/configuration.md must have this table:\n\n${table()}\n`);
});

test('docs/reference/configuration.md names no variable that does not exist', () => {
  // The exception belongs to Node itself.
  const names: string[] = ['NODE_ENV', ...settingRows.map(({ name }) => name)];
  const shown = readFileSync(page, 'utf8').match(/`[A-Z]+(?:_[A-Z]+)+/g) ?? [];
  for (const name of shown) assert.ok(names.includes(name.slice(1)), `${name.slice(1)} is no setting`);
});

test('every meaning is one sentence', () => {
  for (const { name, meaning } of settingRows) assert.match(meaning, /^[A-Z][^.]*(?:`[^`]*`[^.]*)*\.$/, name);
});
