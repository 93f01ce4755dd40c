import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { addInviteChange } from './invite/change.ts';
import { addInviteCreate } from './invite/create.ts';
import { addInviteExport } from './invite/export.ts';
import { addInviteImport } from './invite/import.ts';
import { addInviteList } from './invite/list.ts';
import { addInvitePreview } from './invite/preview.ts';
import { addInviteRelease } from './invite/release.ts';
import { addInviteRestore } from './invite/restore.ts';
import { addInviteRevoke } from './invite/revoke.ts';
import { addInviteShow } from './invite/show.ts';

/** `chodae invite …`: everything about invitations, by the same rules as over HTTP. */
export function addInviteCommand(program: Command, context: CommandContext): void {
  const invite = program.command('invite').description('make, find, stop, import and export invitations');
  addInviteCreate(invite, context);
  addInviteList(invite, context);
  addInviteShow(invite, context);
  addInviteChange(invite, context);
  addInviteRevoke(invite, context);
  addInviteRestore(invite, context);
  addInviteRelease(invite, context);
  addInviteImport(invite, context);
  addInviteExport(invite, context);
  addInvitePreview(invite, context);
}
