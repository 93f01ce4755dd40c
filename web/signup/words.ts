import { fill, type Sentence, type Values } from '../shared/language.ts';
import type { laterWords } from './later/words.ts';

/**
 * The words of the first screens, Korean and English; `later/words.ts` has the rest. Keys with an underscore are codes of problems and of
 * fields' rules (`docs/reference/errors.md`). `*{name}*` is shown in bold. A text's sentences are separated by `. `.
 */
export const firstWords = {
  back: ['뒤로', 'Back'],
  invited: ['초대장이 도착했어요', "You're invited"],
  invitedTo: ['{brand} 초대장이 도착했어요', "You're invited to {brand}"],
  code: ['초대 코드', 'Invitation code'],
  otherCode: ['다른 코드 입력', 'Use another code'],
  start: ['시작하기', 'Start'],
  length: ['{steps}단계, 1분쯤 걸려요', '{steps} steps, about a minute'],
  next: ['다음', 'Continue'],
  sending: ['확인하고 있어요', 'Checking'],
  again: ['다시 시도', 'Try again'],
  terms: ['이용약관', 'Terms'],
  privacy: ['개인정보', 'Privacy'],
  contact: ['문의', 'Help'],
  preview: ['미리 보기 · 아무것도 저장되지 않아요', 'Preview · nothing is stored'],
  error: ['오류: ', 'Error: '],
  twoErrors: ['고칠 곳이 {count}군데 있어요', '{count} things to fix'],
  example: ['예: {example}', 'Like {example}'],
  codeTitle: ['초대 코드를 입력해 주세요', 'Enter your invitation code'],
  codeHint: ['받은 메시지에 있어요', "It's in the message you got"],
  codeHint2: ['링크를 통째로 붙여 넣어도 돼요', 'You can paste the whole link'],
  slow: ['연결이 느려요. 조금만 기다려 주세요', 'The connection is slow. One moment'],
  offline: ['인터넷에 연결되어 있지 않아요. 연결되면 이어서 할게요', "You're offline. We'll go on when you're back"],
  server: ['서버가 잠시 쉬고 있어요. 자동으로 다시 시도하고 있어요', "The server isn't answering. We're trying again"],
  noAnswer: ['서버에서 답이 오지 않았어요. 다시 시도해 주세요', 'No answer came. Try again'],
  rate_limited: ['잠깐 많이 시도했어요. {seconds}초 뒤에 다시 할 수 있어요', 'Too many tries just now. You can go on in {seconds} s'],
  overloaded: [
    '지금 가입하는 분이 많아요. {seconds}초 뒤에 자동으로 다시 보낼게요',
    "Many people are signing up. We'll try again in {seconds} s",
  ],
  code_empty: ['초대 코드를 입력해 주세요', 'Enter your invitation code'],
  code_invalid: ['코드에 쓰지 않는 문자가 있어요. 받은 코드만 남겨 주세요', 'That holds characters no code has. Keep the code alone'],
  invitation_mistyped: [
    '한 글자가 다른 것 같아요. 받은 코드와 비교해 주세요 (O와 0, I·L과 1은 같아요)',
    'One character looks wrong. Compare it with the code you got (O is 0; I and L are 1)',
  ],
  invitation_not_found: [
    '이 코드의 초대를 찾지 못했어요. 받은 코드와 한 글자씩 비교해 주세요',
    "We can't find this code. Compare it letter by letter",
  ],
} as const satisfies Record<string, Sentence>;

export type Key = keyof typeof firstWords | keyof typeof laterWords;

const words: Record<string, Sentence> = { ...firstWords };

export function addWords(more: Readonly<Record<string, Sentence>>): void {
  Object.assign(words, more);
}

/** @returns a sentence in the current language, filled. */
export function say(key: Key, values?: Values): string {
  return fill(words[key] ?? [key, key], values).replaceAll('*', '');
}

/** @returns the template in the current language, for `Said` to fill piece by piece. */
export function template(key: Key): string {
  return fill(words[key] ?? [key, key]);
}

/** Whether the page has words for a problem's or rule's code, or for a step. */
export function hasWords(key: string): key is Key {
  return Object.hasOwn(words, key);
}
