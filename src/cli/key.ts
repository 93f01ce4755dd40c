import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { addKeyCreate } from './key/create.ts';
import { addKeyList } from './key/list.ts';
import { addKeyRevoke } from './key/revoke.ts';

/** `chodae key …`: operator keys. */
export function addKeyCommand(program: Command, context: CommandContext): void {
  const key = program.command('key').description('make, list and revoke operator keys');
  addKeyCreate(key, context);
  addKeyList(key, context);
  addKeyRevoke(key, context);
}
