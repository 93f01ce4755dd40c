import type { Command } from 'commander';
import type { Sentence } from '../../problems.ts';
import { keyAnswer } from '../answers.ts';
import { addOperatorOptions, asOperator, type Operator, type OperatorFlags } from '../as-operator.ts';
import { assertCanConfirm, confirmed } from '../confirm.ts';
import type { CommandContext } from '../context.ts';
import { printResult } from '../output.ts';
import { wholeNumber } from '../whole-number.ts';

interface KeyRevokeFlags extends OperatorFlags {
  readonly yes?: true;
}

const sentences = {
  question: {
    ko: '{id}번 키를 취소할까요? 되돌릴 수 없습니다.',
    en: 'Revoke the key {id}? This cannot be undone.',
  },
  done: { ko: '{id}번 키를 취소했습니다.', en: 'The key {id} is revoked.' },
} satisfies Record<string, Sentence>;

/** `chodae key revoke <id>` */
export function addKeyRevoke(key: Command, context: CommandContext): void {
  const command = key
    .command('revoke')
    .description('end an operator key: it is refused from the next request on')
    .argument('<id>', 'as key list shows it', wholeNumber(1, 999_999_999))
    .option('--yes', 'do not ask');
  addOperatorOptions(command).action((id: number, flags: KeyRevokeFlags) => {
    assertCanConfirm(flags, context);
    return asOperator(context, flags, (operator) => revokeKey(id, operator, flags));
  });
}

async function revokeKey(number: number, operator: Operator, flags: KeyRevokeFlags): Promise<void> {
  const id = String(number);
  await confirmed(operator.say(sentences.question, { id }), flags, operator);
  const { body } = await operator.client.request({ method: 'POST', path: `/admin/keys/${id}/revoke` }, keyAnswer);
  printResult(operator, flags.json, body, [operator.say(sentences.done, { id })]);
}
