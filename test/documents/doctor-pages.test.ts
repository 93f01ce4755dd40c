import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { pages } from '../../src/cli/doctor/finding.ts';

/** A heading's anchor as GitHub makes it. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

for (const page of Object.values(pages)) {
  test(`chodae doctor points to ${page}, which exists`, () => {
    const [file = '', anchor] = page.split('#');
    const url = new URL(`../../${file}`, import.meta.url);
    assert.ok(existsSync(url), file);
    const headings = [...readFileSync(url, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
    assert.ok(headings.includes(anchor ?? ''), `${anchor} is none of ${headings.join(', ')}`);
  });
}
