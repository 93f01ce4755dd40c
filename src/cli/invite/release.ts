import type { Command } from 'commander';
import type { Sentence } from '../../problems.ts';
import { sessionsEnded } from '../answers.ts';
import { addOperatorOptions, asOperator, type Operator, type OperatorFlags } from '../as-operator.ts';
import { assertCanConfirm, confirmed } from '../confirm.ts';
import type { CommandContext } from '../context.ts';
import { printResult } from '../output.ts';
import { printable } from '../printable.ts';
import { findInvitation } from './find-invitation.ts';

interface ReleaseFlags extends OperatorFlags {
  readonly all?: true;
  readonly yes?: true;
}

const sentences = {
  question: {
    ko: '{code} 초대로 시작했지만 아직 아무것도 입력하지 않은 가입을 모두 끝낼까요?',
    en: 'End the sign-ups on {code} that have stored no step?',
  },
  questionForAll: {
    ko: '{code} 초대로 진행 중인 가입을 모두 끝낼까요? 지금까지 입력한 내용이 지워집니다.',
    en: 'End every sign-up under way on {code}? What was entered so far is deleted.',
  },
  done: { ko: '{code} 초대의 가입 {ended}건을 끝냈습니다.', en: 'Sign-ups ended on {code}: {ended}.' },
} satisfies Record<string, Sentence>;

/** `chodae invite release <code>` */
export function addInviteRelease(invite: Command, context: CommandContext): void {
  const command = invite
    .command('release')
    .description('free the seats of an invitation that are held by sign-ups without a stored step')
    .argument('<code>', 'its code, or its id')
    .option('--all', 'also those that have stored a step: what was entered is deleted')
    .option('--yes', 'do not ask');
  addOperatorOptions(command).action((code: string, flags: ReleaseFlags) => {
    assertCanConfirm(flags, context);
    return asOperator(context, flags, (operator) => release(code, operator, flags));
  });
}

async function release(wanted: string, operator: Operator, flags: ReleaseFlags): Promise<void> {
  const { id, code } = await findInvitation(wanted, operator);
  const values = { code: printable(code) };
  await confirmed(operator.say(flags.all ? sentences.questionForAll : sentences.question, values), flags, operator);
  const query = { invitation_id: id, with_steps: String(flags.all ?? false) };
  const { body } = await operator.client.request({ method: 'DELETE', path: '/admin/sessions', query }, sessionsEnded);
  printResult(operator, flags.json, body, [operator.say(sentences.done, { ...values, ended: body.ended })]);
}
