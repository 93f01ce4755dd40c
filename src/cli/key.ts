import type { Command } from 'commander';
import { addKeyCreate } from './key/create.ts';
import { addKeyList } from './key/list.ts';
import { addKeyRevoke } from './key/revoke.ts';

/** `chodae key …`: operator keys. */
export function addKeyCommand(program: Command): void {
  const key = program.command('key').description('make, list and revoke operator keys');
  addKeyCreate(key);
  addKeyList(key);
  addKeyRevoke(key);
}
