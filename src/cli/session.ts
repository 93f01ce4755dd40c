import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { addSessionEnd } from './session/end.ts';
import { addSessionList } from './session/list.ts';

/** `chodae session …`: sign-ups under way. */
export function addSessionCommand(program: Command, context: CommandContext): void {
  const session = program.command('session').description('list and end sign-ups under way');
  addSessionList(session, context);
  addSessionEnd(session, context);
}
