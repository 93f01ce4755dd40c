import { confirm } from '@clack/prompts';
import type { Language, Sentence } from '../errors.ts';
import type { Operator } from './as-operator.ts';
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

/** To be called before anything is opened. @throws UsageError where somebody would have to be asked and there is no terminal. */
export function assertCanConfirm({ yes }: ConfirmFlags, language: Language): void {
  if (!yes && !(process.stdin.isTTY && process.stderr.isTTY)) throw new UsageError(translate({ sentence: sentences.yesMissing }, language));
}

/** Asks, unless `--yes` has answered. @throws CommandError where the answer is no. */
export async function confirmed(question: string, flags: ConfirmFlags, { language, interrupt }: Operator): Promise<void> {
  return confirmedAtTerminal(question, flags, language, interrupt);
}

/** The same before anything is opened. */
export async function confirmedAtTerminal(question: string, { yes }: ConfirmFlags, language: Language, signal: AbortSignal): Promise<void> {
  if (yes) return;
  assertCanConfirm({}, language);
  const say = (sentence: Sentence) => translate({ sentence }, language);
  const answer = await confirm({
    message: question,
    active: say(sentences.yes),
    inactive: say(sentences.no),
    initialValue: false,
    // Stdout is for results.
    output: process.stderr,
    signal,
  });
  if (answer !== true) throw new CommandError(say(sentences.unchanged));
}
