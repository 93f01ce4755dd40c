// Makes `dist/` from `src/`: compiles, copies what the compiler leaves behind, removes what has no source any more. And `dist/web/` from `web/`:
// the pages for people, with a `.gz` and a `.br` beside each file that is served as it is.
// Plain JavaScript, because it has to run where nothing is compiled yet.
// `--if-possible`: says nothing and succeeds where the compiler is not installed (`npm ci --omit=dev`) but `dist/` is there, and after every
// `npm ci`, which must not fail for it; the start says what is missing.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
/** What the last build was made from. */
const builtFile = '.built-from';
const source = path.join(root, 'src');
const target = path.join(root, 'dist');
const program = path.join(target, 'cli', 'chodae.js');
const webSource = path.join(root, 'web');
const webFolder = 'web';
const webTarget = path.join(target, webFolder);

const redocFile = path.join('http', 'redoc', 'redoc.standalone.js');
const redocLicence = path.join('http', 'redoc', 'redoc.standalone.js.LICENSE.txt');
const redocLogo = 'https://cdn.redoc.ly/redoc/logo-mini.svg';
const embeddedSource = path.join('database', 'embedded.ts');
const require = createRequire(import.meta.url);
const makingNewDatabase = `import { PGlite } from '@electric-sql/pglite';
import { writeFileSync } from 'node:fs';
const pglite = await PGlite.create();
const dump = await pglite.dumpDataDir('gzip');
await pglite.close();
writeFileSync(process.argv[1], new Uint8Array(await dump.arrayBuffer()));`;

process.exitCode = buildProgram(process.argv.includes('--if-possible')) || (await buildPages());

/** @returns {number} the exit code. */
function buildProgram(ifPossible) {
  const compiler = folderOf(() => require.resolve('typescript/package.json'));
  if (!compiler || !existsSync(source)) {
    const afterInstall = process.env.npm_lifecycle_event === 'prepare';
    if (ifPossible && (existsSync(program) || afterInstall)) return 0;
    return refuse('Chodae is not built and the compiler is not installed: run `npm ci` (without --omit=dev), then `npm run build`.');
  }
  const files = filesIn(source);
  const compiled = files.filter(isCompiled).map((file) => file.replace(/\.ts$/, '.js'));
  const copied = files.filter(isCopied);
  const prepared = files.includes(embeddedSource) ? [newDatabaseFile()] : [];
  if (isUpToDate([...compiled, ...copied, ...prepared])) return 0;
  const status = compile(path.join(compiler, 'bin', 'tsc'));
  if (status !== 0) return status;
  for (const file of copied) writeIfChanged(path.join(target, file), readFileSync(path.join(source, file)));
  const redoc = readRedoc();
  if (!redoc) return 1;
  writeIfChanged(path.join(target, redocFile), redoc);
  writeIfChanged(path.join(target, redocLicence), readFileSync(require.resolve('redoc/bundles/redoc.standalone.js.LICENSE.txt')));
  for (const file of prepared) if (!makeNewDatabase(path.join(target, file))) return 1;
  removeAllBut(new Set([...compiled, ...copied, ...prepared, redocFile, redocLicence, builtFile]));
  if (!existsSync(program)) return refuse('src/cli/chodae.ts is missing: the package has no program.');
  chmodSync(program, 0o755);
  writeFileSync(path.join(target, builtFile), stateOf([...compiled, ...copied, ...prepared]));
  return 0;
}

/** Nothing was touched since the last build; so that a start does not wait 0.5 s for the compiler to find that out. */
function isUpToDate(outputs) {
  const built = path.join(target, builtFile);
  if (!existsSync(built) || readFileSync(built, 'utf8') !== stateOf(outputs)) return false;
  return [...outputs, redocFile, redocLicence].every((file) => existsSync(path.join(target, file)));
}

/** @returns {string} what the output depends on, file by file: time of change and size, the compiler's settings and the installed packages included. */
function stateOf(outputs) {
  const settings = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json', 'scripts/build.js'].map((file) => path.join(root, file));
  const sources = filesIn(source)
    .filter((file) => isCompiled(file) || isCopied(file))
    .map((file) => path.join(source, file));
  return [...linesOf([...settings, ...sources]), ...[...outputs].sort()].join('\n');
}

function linesOf(files) {
  return files.sort().map((file) => {
    const { mtimeMs, size } = statSync(file);
    return `${path.relative(root, file)} ${mtimeMs} ${size}`;
  });
}

/**
 * Builds the pages with Vite, where it is installed and a source has changed.
 * @returns {Promise<number>} the exit code.
 */
async function buildPages() {
  const vite = folderOf(() => require.resolve('vite/package.json'));
  if (!vite || !existsSync(webSource)) return 0;
  const sources = [
    ...filesIn(webSource).map((file) => path.join(webSource, file)),
    path.join(root, 'package-lock.json'),
    path.join(root, 'scripts/build.js'),
  ];
  const built = path.join(webTarget, builtFile);
  const before = linesOf(sources);
  // After the sources, the file names the outputs; their names hold hashes.
  const [state, outputs] = existsSync(built) ? JSON.parse(readFileSync(built, 'utf8')) : [];
  if (state === before.join('\n') && outputs.every((file) => existsSync(path.join(webTarget, file)))) return 0;
  const { build } = await import(pathToFileURL(path.join(vite, 'dist', 'node', 'index.js')).href);
  try {
    await build({ configFile: path.join(webSource, 'vite.config.ts'), logLevel: 'error' });
  } catch (error) {
    return refuse(`The pages were not built: ${error.message}`);
  }
  for (const file of filesIn(webTarget).filter((name) => !name.endsWith('.html'))) {
    const content = readFileSync(path.join(webTarget, file));
    writeFileSync(path.join(webTarget, `${file}.gz`), gzipSync(content, { level: 9 }));
    writeFileSync(path.join(webTarget, `${file}.br`), brotliCompressSync(content));
  }
  writeFileSync(built, JSON.stringify([before.join('\n'), filesIn(webTarget)]));
  return 0;
}

function compile(compiler) {
  const child = spawnSync(process.execPath, [compiler, '-p', path.join(root, 'tsconfig.build.json')], { stdio: 'inherit' });
  if (child.error) return refuse(`The compiler did not start: ${child.error.message}`);
  return child.status ?? 1;
}

/** @returns {Buffer | undefined} ReDoc's bundle without its one address on the internet: /redoc has to work offline. */
function readRedoc() {
  const folder = folderOf(() => require.resolve('redoc/package.json'));
  if (!folder) {
    refuse('The package redoc is not installed: run `npm ci`.');
    return undefined;
  }
  const bundle = readFileSync(path.join(folder, 'bundles', 'redoc.standalone.js'), 'utf8');
  if (!bundle.includes(redocLogo) || /https?:\/\/cdn\./.test(bundle.replaceAll(redocLogo, ''))) {
    refuse(`ReDoc's bundle does not load exactly ${redocLogo} any more: look what it loads now and change scripts/build.js.`);
    return undefined;
  }
  return Buffer.from(bundle.replaceAll(redocLogo, 'data:,'));
}

/** @returns {string} the file of an empty embedded database, below the target: another one for each version of PGlite. */
function newDatabaseFile() {
  const main = require.resolve('@electric-sql/pglite');
  const manifest = path.join(main.slice(0, main.lastIndexOf(`${path.sep}dist${path.sep}`)), 'package.json');
  return path.join('database', `new-database-${JSON.parse(readFileSync(manifest, 'utf8')).version}.tar.gz`);
}

/** Loading a database takes a first start 1 s and 360 MiB; making one 5 s and 760 MiB. */
function makeNewDatabase(file) {
  if (existsSync(file)) return true;
  const unfinished = `${file}.${process.pid}`;
  const child = spawnSync(process.execPath, ['--input-type=module', '--eval', makingNewDatabase, unfinished], {
    cwd: root,
    stdio: 'inherit',
  });
  if (child.status !== 0) {
    refuse(`The embedded database was not made: ${child.error?.message ?? `exit code ${child.status}`}`);
    return false;
  }
  renameSync(unfinished, file);
  return true;
}

function isCompiled(file) {
  return file.endsWith('.ts') && !file.endsWith('.d.ts') && !file.endsWith('.test.ts');
}

/** Whatever the program reads at run time and the compiler leaves behind: migrations, SQL, pages. */
function isCopied(file) {
  return !file.endsWith('.ts') && !file.endsWith('.md') && !file.includes('.test.');
}

/** @returns {string[]} the paths of all files below a folder, relative to it. */
function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}

function writeIfChanged(file, content) {
  if (existsSync(file) && readFileSync(file).equals(content)) return;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
}

function removeAllBut(expected) {
  const pages = `${webFolder}${path.sep}`;
  for (const file of filesIn(target)) if (!expected.has(file) && !file.startsWith(pages)) rmSync(path.join(target, file));
  const folders = readdirSync(target, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory());
  const deepestFirst = folders.map((entry) => path.join(entry.parentPath, entry.name)).sort((a, b) => b.length - a.length);
  for (const folder of deepestFirst) if (readdirSync(folder).length === 0) rmdirSync(folder);
}

/** @returns {string | undefined} the folder of a package, where it is installed. */
function folderOf(resolveManifest) {
  try {
    return path.dirname(resolveManifest());
  } catch {
    return undefined;
  }
}

function refuse(sentence) {
  console.error(sentence);
  return 1;
}
