import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const configuration = path.join(root, 'test/acceptance/schemathesis/schemathesis.toml');

/** @returns the program `st`: that of `.cache/schemathesis` (CONTRIBUTING says how to install it), or one on the PATH; undefined where there is none. */
export function findSchemathesis(): string | undefined {
  const own = path.join(root, '.cache/schemathesis/bin/st');
  if (existsSync(own)) return own;
  return spawnSync('st', ['--version'], { encoding: 'utf8' }).stdout?.includes('chemathesis') ? 'st' : undefined;
}

/**
 * Compares what a server does with its API document.
 * @param examples cases that are generated for each operation and phase.
 * @returns the exit code, 0 where everything agrees, and what was printed.
 */
export async function runSchemathesis(
  program: string,
  { url, key, examples }: { readonly url: string; readonly key: string; readonly examples: number },
): Promise<{ readonly code: number; readonly printed: string }> {
  // A seed, so that a run is the same as the one before; another one looks elsewhere.
  const seed = process.env.SCHEMATHESIS_SEED ?? '1';
  const phases = ['--phases', 'examples,coverage,fuzzing,stateful', '--max-examples', String(examples), '--seed', seed];
  const words = ['--config-file', configuration, 'run', `${url}/openapi.json`, '--header', `Authorization: Bearer ${key}`, ...phases];
  const child = spawn(program, [...words, '--no-color'], { cwd: path.join(root, '.cache'), stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  }
  const [code] = await once(child, 'close');
  return { code: Number(code), printed };
}
