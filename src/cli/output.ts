import type { CommandContext } from './context.ts';
import { printableJson } from './printable.ts';

/** Writes a command's result to stdout: the JSON document where `--json` was given, else the lines. */
export function printResult(
  { stdout }: Pick<CommandContext, 'stdout'>,
  json: boolean | undefined,
  document: unknown,
  lines: readonly string[],
): void {
  stdout.write(json ? `${printableJson(document, 2)}\n` : lines.map((line) => `${line}\n`).join(''));
}
