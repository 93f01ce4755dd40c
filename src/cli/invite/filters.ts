import { type Command, Option } from 'commander';
import { readMoment } from '../local-moment.ts';

/** Which invitations a command is about. */
export interface FilterFlags {
  readonly status?: string;
  readonly campaign?: string;
  readonly text?: string;
  readonly createdFrom?: string;
  readonly createdTo?: string;
  readonly batch?: string;
}

const statuses = ['usable', 'free', 'held', 'used', 'expired', 'revoked', 'not_started'];

export function addFilterOptions(command: Command): void {
  command
    .addOption(new Option('--status <status>', 'free: a seat can be taken now; held: a person is signing up').choices(statuses))
    .option('--campaign <name>', 'of this campaign')
    .option('--text <text>', 'a code or its beginning, words of the note, or a phone number')
    .option('--created-from <time>', 'made at this time or later; a day begins in TIME_ZONE', readMoment)
    .option('--created-to <time>', 'made before this time; a day belongs to it', readMoment)
    .option('--batch <batch>', 'made by one bulk request');
}

/** @returns the part of a query string that says the same to the service. */
export function filterQuery({ status, campaign, text, createdFrom, createdTo, batch }: FilterFlags): Record<string, string | undefined> {
  return { status, campaign, text, created_from: createdFrom, created_to: createdTo, batch };
}
