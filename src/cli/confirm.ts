import { confirm } from '@clack/prompts';
import type { Sentence } from '../problems.ts';
import type { CommandContext } from './context.ts';
import { CommandError, UsageError } from './exit-codes.ts';
import { translate } from './messages.ts';

const sentences = {
  yesMissing: {
    ko: '터미널이 아니어서 물어볼 수 없습니다. 정말 하려면 --yes를 붙이세요.',
    en: 'There is no terminal to ask at: add --yes if you mean it.',
  },
  yes: { ko: '예', en: 'Yes' },
  no: { ko: '아니요', en: 'No' },
  unchanged: { ko: '아무것도 바꾸지 않았습니다.', en: 'Nothing was changed.' },
} satisfies Record<string, Sentence>;

interface ConfirmFlags {
  readonly yes?: true;
}

/** To be called before anything is opened. @throws UsageError if a question is needed and there is no terminal. */
export function assertCanConfirm({ yes }: ConfirmFlags, { stdin, stderr, language }: CommandContext): void {
  if (!yes && !(stdin.isTTY && stderr.isTTY)) throw new UsageError(translate({ sentence: sentences.yesMissing }, language));
}

/** Asks, unless `--yes` has answered. @throws CommandError if the answer is no. */
export async function confirmed(question: string, { yes }: ConfirmFlags, context: CommandContext): Promise<void> {
  if (yes) return;
  assertCanConfirm({}, context);
  const { stdin, stderr, language, signal } = context;
  const say = (sentence: Sentence) => translate({ sentence }, language);
  const answer = await confirm({
    message: question,
    active: say(sentences.yes),
    inactive: say(sentences.no),
    initialValue: false,
    // Stdout is for results.
    input: stdin,
    output: stderr,
    signal,
  });
  if (answer !== true) throw new CommandError(say(sentences.unchanged));
}
