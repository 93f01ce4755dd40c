import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';

const pages = fileURLToPath(new URL('../../dist/web', import.meta.url));
const html = readFileSync(path.join(pages, 'signup', 'index.html'), 'utf8');
const assets = readdirSync(path.join(pages, 'assets')).filter((name) => /\.(js|css)$/.test(name));
const read = (name: string) => readFileSync(path.join(pages, 'assets', name));

test('the first load of the sign-up page is at most 15 KiB of JavaScript, compressed by gzip', () => {
  const waiting = [...html.matchAll(/<script[^>]* src="\/assets\/([^"]+)"/g)].map((match) => match[1] ?? '');
  assert.equal(waiting.length, 1);
  const loaded = new Set<string>();
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    loaded.add(name);
    for (const [, imported = ''] of read(name)
      .toString()
      .matchAll(/\bfrom\s*[`"']\.\/([^`"']+)/g))
      if (!loaded.has(imported)) waiting.push(imported);
  }
  const size = [...loaded].reduce((sum, name) => sum + gzipSync(read(name), { level: 9 }).length, 0);
  assert.ok(size <= 15 * 1024, `${size} bytes in ${[...loaded].join(', ')}`);
});

test('every asset has its compressed forms beside it', () => {
  assert.ok(assets.length >= 3);
  for (const name of assets) {
    assert.deepEqual(gunzipSync(read(`${name}.gz`)), read(name));
    assert.deepEqual(brotliDecompressSync(read(`${name}.br`)), read(name));
  }
});

test('the page has the places that the server fills, and nothing inline that its policy forbids', () => {
  assert.equal(html.split('<!--chodae:head-->').length, 2);
  assert.equal(html.split('<script type="application/json" id="settings">{}</script>').length, 2);
  assert.doesNotMatch(html, /<style|style=|<script(?![^>]*(?:src=|application\/json))| on\w+=/);
  assert.ok(existsSync(path.join(pages, 'signup')));
});

test('the page names no other host', () => {
  for (const name of assets) {
    const hosts =
      read(name)
        .toString()
        .match(/https?:\/\/[\w.-]+/g) ?? [];
    assert.deepEqual(
      hosts.filter((host) => host !== 'http://www.w3.org'),
      [],
      name,
    );
  }
});
