// Makes `dist/` from `src/`: compiles, copies what the compiler leaves behind, removes what has no source any more.
// Plain JavaScript, because it has to run where nothing is compiled yet.
// `--if-possible`: says nothing and succeeds where the compiler is not installed (`npm ci --omit=dev`) but `dist/` is there, and after every
// `npm ci`, which must not fail for it; the start says what is missing.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const source = path.join(root, 'src');
const target = path.join(root, 'dist');
const program = path.join(target, 'cli', 'chodae.js');
const compilerMemory = path.join(target, '.tsbuildinfo');
const redocFile = path.join('http', 'redoc', 'redoc.standalone.js');
const redocLogo = 'https://cdn.redoc.ly/redoc/logo-mini.svg';
const require = createRequire(import.meta.url);

process.exitCode = main(process.argv.includes('--if-possible'));

/** @returns {number} the exit code. */
function main(ifPossible) {
  const compiler = findPackage('typescript');
  if (!compiler || !existsSync(source)) {
    const afterInstall = process.env.npm_lifecycle_event === 'prepare';
    if (ifPossible && (existsSync(program) || afterInstall)) return 0;
    return refuse('Chodae is not built and the compiler is not installed: run `npm ci` (without --omit=dev), then `npm run build`.');
  }
  const files = filesIn(source);
  const compiled = files.filter(isCompiled).map((file) => file.replace(/\.ts$/, '.js'));
  const copied = files.filter(isCopied);
  // The compiler does not notice that its output was deleted; without its memory it writes everything again (0.5 s more).
  if (compiled.some((file) => !existsSync(path.join(target, file)))) rmSync(compilerMemory, { force: true });
  const status = compile(path.join(compiler, 'bin', 'tsc'));
  if (status !== 0) return status;
  for (const file of copied) writeIfChanged(path.join(target, file), readFileSync(path.join(source, file)));
  const redoc = readRedoc();
  if (!redoc) return 1;
  writeIfChanged(path.join(target, redocFile), redoc);
  removeAllBut(new Set([...compiled, ...copied, redocFile, path.basename(compilerMemory)]));
  if (!existsSync(program)) return refuse('src/cli/chodae.ts is missing: the package has no program.');
  chmodSync(program, 0o755);
  return 0;
}

function compile(compiler) {
  const child = spawnSync(process.execPath, [compiler, '-p', path.join(root, 'tsconfig.build.json')], { stdio: 'inherit' });
  if (child.error) return refuse(`The compiler did not start: ${child.error.message}`);
  return child.status ?? 1;
}

/** @returns {Buffer | undefined} ReDoc's bundle without its one address on the internet: /redoc has to work offline. */
function readRedoc() {
  const folder = findPackage('redoc');
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
  for (const file of filesIn(target)) if (!expected.has(file)) rmSync(path.join(target, file));
  const folders = readdirSync(target, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory());
  const deepestFirst = folders.map((entry) => path.join(entry.parentPath, entry.name)).sort((a, b) => b.length - a.length);
  for (const folder of deepestFirst) if (readdirSync(folder).length === 0) rmdirSync(folder);
}

/** @returns {string | undefined} the folder of an installed package. */
function findPackage(name) {
  try {
    return path.dirname(require.resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

function refuse(sentence) {
  console.error(sentence);
  return 1;
}
