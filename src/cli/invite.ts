import type { Command } from 'commander';
import { addInviteCreate } from './invite/create.ts';
import { addInviteExport } from './invite/export.ts';
import { addInviteImport } from './invite/import.ts';
import { addInviteList } from './invite/list.ts';
import { addInviteRestore } from './invite/restore.ts';
import { addInviteRevoke } from './invite/revoke.ts';
import { addInviteShow } from './invite/show.ts';

/** `chodae invite …`: everything about invitations, by the same rules as over HTTP. */
export function addInviteCommand(program: Command): void {
  const invite = program.command('invite').description('make, find, stop, import and export invitations');
  addInviteCreate(invite);
  addInviteList(invite);
  addInviteShow(invite);
  addInviteRevoke(invite);
  addInviteRestore(invite);
  addInviteImport(invite);
  addInviteExport(invite);
}
