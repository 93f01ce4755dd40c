import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

/**
 * Compiles test files with all they import, except packages, to JavaScript below `.cache/tests`: loading the application file by file through a
 * loader takes 2 s of processor time in each of the test processes, loading it so takes 0.3 s.
 * @param root the folder of the repository.
 * @param files test files, from the root.
 * @returns the files to run, from the root.
 */
export async function bundleTests(root: string, files: readonly string[]): Promise<string[]> {
  const outdir = path.join('.cache', 'tests');
  rmSync(path.join(root, outdir), { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: [...files],
    outdir,
    outbase: '.',
    bundle: true,
    // Code that several files import is compiled once.
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: true,
    plugins: [originalUrls(root)],
    logLevel: 'warning',
  });
  return files.map((file) => path.join(outdir, file.replace(/\.ts$/, '.js')));
}

/** `import.meta.url` stays where the code was: below `dist` for the program, which is built before the tests, so that its files and workers are found. */
function originalUrls(root: string): Plugin {
  return {
    name: 'original-urls',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
        const source = path.relative(root, file);
        const isProgram = source.startsWith(`src${path.sep}`) && !source.endsWith('.test.ts');
        const place = isProgram ? source.replace(/^src/, 'dist').replace(/\.ts$/, '.js') : source;
        const url = JSON.stringify(pathToFileURL(path.join(root, place)).href);
        return { contents: readFileSync(file, 'utf8').replaceAll('import.meta.url', url), loader: 'ts' };
      });
    },
  };
}
