import type { Command } from 'commander';
import type { Sentence } from '../../problems.ts';
import { sessionEnded } from '../answers.ts';
import { addOperatorOptions, asOperator, type Operator, type OperatorFlags } from '../as-operator.ts';
import { assertCanConfirm, confirmed } from '../confirm.ts';
import type { CommandContext } from '../context.ts';
import { printResult } from '../output.ts';
import { printable } from '../printable.ts';

interface SessionEndFlags extends OperatorFlags {
  readonly yes?: true;
}

const sentences = {
  question: {
    ko: '{attempt} 가입을 끝낼까요? 지금까지 입력한 내용이 지워집니다.',
    en: 'End the sign-up {attempt}? What was entered so far is deleted.',
  },
  done: { ko: '{attempt} 가입을 끝냈습니다.', en: 'The sign-up {attempt} is ended.' },
} satisfies Record<string, Sentence>;

/** `chodae session end <attempt>` */
export function addSessionEnd(session: Command, context: CommandContext): void {
  const command = session
    .command('end')
    .description('end a sign-up under way: what was entered is deleted, and its seat is free')
    .argument('<attempt>', 'as session list shows it')
    .option('--yes', 'do not ask');
  addOperatorOptions(command).action((attempt: string, flags: SessionEndFlags) => {
    assertCanConfirm(flags, context);
    return asOperator(context, flags, (operator) => endSession(attempt, operator, flags));
  });
}

async function endSession(attempt: string, operator: Operator, flags: SessionEndFlags): Promise<void> {
  const values = { attempt: printable(attempt) };
  await confirmed(operator.say(sentences.question, values), flags, operator);
  const { body } = await operator.client.request(
    { method: 'DELETE', path: `/admin/sessions/${encodeURIComponent(attempt)}` },
    sessionEnded,
  );
  printResult(operator, flags.json, body, [operator.say(sentences.done, values)]);
}
