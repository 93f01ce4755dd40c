import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../test/support/temporary.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = {
  'src/cli/chodae.ts': '#!/usr/bin/env node\nexport const answer: number = 42;\n',
  'src/cli/chodae.test.ts': 'export {};\n',
  'src/old/gone.ts': 'export {};\n',
  'src/database/migrations/0000_first.sql': 'SELECT 1;\n',
  'src/http/page.css': 'body {}\n',
};

/** A package of a few files that is built by the real script with the real compiler. */
function samplePackage() {
  const folder = temporaryFolder('build');
  const file = (name: string) => path.join(folder.path, name);
  for (const name of ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build.js']) {
    mkdirSync(path.dirname(file(name)), { recursive: true });
    copyFileSync(path.join(root, name), file(name));
  }
  for (const [name, content] of Object.entries(sources)) {
    mkdirSync(path.dirname(file(name)), { recursive: true });
    writeFileSync(file(name), content);
  }
  symlinkSync(path.join(root, 'node_modules'), file('node_modules'));
  const { npm_lifecycle_event: _, ...env } = process.env;
  const build = (...options: string[]) => {
    const child = spawnSync(process.execPath, [file('scripts/build.js'), ...options], { encoding: 'utf8', env });
    return { status: child.status, printed: child.stdout + child.stderr };
  };
  return { ...folder, file, build };
}

const silentSuccess = { status: 0, printed: '' };

test('a build compiles, copies the rest, and leaves nothing without a source', () => {
  const { file, build, remove } = samplePackage();
  assert.deepEqual(build(), silentSuccess);
  assert.equal(statSync(file('dist/cli/chodae.js')).mode & 0o111, 0o111);
  assert.equal(existsSync(file('dist/cli/chodae.test.js')), false);
  assert.equal(readFileSync(file('dist/database/migrations/0000_first.sql'), 'utf8'), 'SELECT 1;\n');
  assert.ok(existsSync(file('dist/http/page.css')));
  assert.doesNotMatch(readFileSync(file('dist/http/redoc/redoc.standalone.js'), 'utf8'), /https?:\/\/cdn\./);

  rmSync(file('src/old'), { recursive: true });
  rmSync(file('dist/cli/chodae.js'));
  assert.deepEqual(build(), silentSuccess);
  assert.equal(existsSync(file('dist/old')), false);
  assert.ok(existsSync(file('dist/cli/chodae.js')));
  remove();
});

test('without the compiler what was built is kept, and nothing built is one sentence', () => {
  const { file, build, remove } = samplePackage();
  assert.deepEqual(build(), silentSuccess);
  rmSync(file('node_modules'));
  assert.deepEqual(build('--if-possible'), silentSuccess);
  rmSync(file('dist'), { recursive: true });
  const refused = build('--if-possible');
  assert.equal(refused.status, 1);
  assert.match(refused.printed, /^Chodae is not built and the compiler is not installed: .*\n$/);
  remove();
});

test('the pages are built with compressed forms, once, and again after a change', () => {
  const { file, build, remove } = samplePackage();
  const write = (name: string, content: string) => {
    mkdirSync(path.dirname(file(name)), { recursive: true });
    writeFileSync(file(name), content);
  };
  write('web/vite.config.ts', readFileSync(path.join(root, 'web/vite.config.ts'), 'utf8'));
  write('web/signup/index.html', '<!doctype html><script type="module" src="./main.ts"></script>');
  write('web/signup/main.ts', 'document.title = "first";\n');
  assert.deepEqual(build(), silentSuccess);
  const assets = () => readdirSync(file('dist/web/assets')).sort();
  const first = assets();
  assert.equal(first.length, 3);
  assert.match(readFileSync(file('dist/web/signup/index.html'), 'utf8'), new RegExp(`/assets/${first[0]}`));
  const builtAt = statSync(file('dist/web/signup/index.html')).mtimeMs;
  assert.deepEqual(build(), silentSuccess);
  assert.equal(statSync(file('dist/web/signup/index.html')).mtimeMs, builtAt);

  write('web/signup/main.ts', 'document.title = "the second title";\n');
  assert.deepEqual(build(), silentSuccess);
  assert.equal(assets().length, 3);
  assert.notDeepEqual(assets(), first);
  remove();
});
