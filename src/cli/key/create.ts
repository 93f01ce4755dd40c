import { randomUUID } from 'node:crypto';
import { type Command, Option } from 'commander';
import { roles } from '../../operators/roles.ts';
import type { Sentence } from '../../problems.ts';
import { keyMade } from '../answers.ts';
import { addOperatorOptions, asOperator, type Operator, type OperatorFlags } from '../as-operator.ts';
import type { CommandContext } from '../context.ts';
import { readMoment } from '../local-moment.ts';
import { printResult } from '../output.ts';

interface KeyCreateFlags extends OperatorFlags {
  readonly label: string;
  readonly role: string;
  readonly expires?: string;
  readonly validFor?: string;
}

const shownOnce: Sentence = {
  ko: '이 키는 지금 한 번만 보입니다. 안전한 곳에 보관하세요.',
  en: 'This key is shown this once: keep it somewhere safe.',
};

/** `chodae key create` */
export function addKeyCreate(key: Command, context: CommandContext): void {
  const command = key
    .command('create')
    .description('make an operator key, which is shown once')
    .requiredOption('--label <text>', 'whose it is; stands in the audit log')
    .addOption(
      new Option('--role <role>', 'what it may do: look; also make and stop invitations; everything').choices(roles).makeOptionMandatory(),
    )
    .addOption(
      new Option('--expires <time>', 'until when; a day belongs to it (default: for ever)').argParser(readMoment).conflicts('validFor'),
    )
    .option('--valid-for <duration>', 'how long from now: 12h, 90d');
  addOperatorOptions(command).action((flags: KeyCreateFlags) => asOperator(context, flags, (operator) => createKey(operator, flags)));
}

async function createKey(operator: Operator, { label, role, expires, validFor, json }: KeyCreateFlags): Promise<void> {
  const { body } = await operator.client.request(
    {
      method: 'POST',
      path: '/admin/keys',
      body: { label, role, expires_at: expires, valid_for: validFor },
      headers: { 'idempotency-key': randomUUID() },
    },
    keyMade,
  );
  printResult(operator, json, body, [body.key]);
  // Stdout has the key and nothing else, for `… > file` and secret stores.
  if (!json) operator.stderr.write(`${operator.say(shownOnce)}\n`);
}
