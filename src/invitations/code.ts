import { type FieldRule, fieldRules, type SentenceValues } from '../problems.ts';
import { type Accepted, accepted, refused } from '../rules/result.ts';
import { countCodePoints, hasVisibleCharacter, maximumUnitsRead } from '../rules/well-formed-text.ts';
import { checkCharacterFor, checkSum } from './check-character.ts';
import { keyOfCode, plainSpelling } from './code-key.ts';
import { isNoCodeOfOurs } from './code-shape.ts';
import { readTypedCode } from './typed-code.ts';

/** Code points. The original had no limit; real codes are shorter. */
export const maximumCodeLength = 256;
/** Code points of a custom code. */
export const maximumCustomLength = 64;
/** Code points. */
export const maximumPrefixLength = 24;

export const codeRules = fieldRules({
  code_empty: { ko: '초대 코드를 입력하세요.', en: 'Enter the invitation code.' },
  code_invalid: {
    ko: '초대 코드에 쓸 수 없는 문자가 있거나 너무 깁니다.',
    en: 'The invitation code is too long or has characters that codes never contain.',
  },
  code_too_long: { ko: '코드를 {maximum}자 이하로 적으세요.', en: 'Choose a code of at most {maximum} characters.' },
  code_characters: {
    ko: '코드에는 글자와 숫자, . _ ~ - 만 쓸 수 있고, 글자나 숫자가 하나는 있어야 합니다.',
    en: 'A code can hold letters, digits and . _ ~ - only, and at least one letter or digit.',
  },
  code_check_character: {
    ko: '자동 생성된 코드와 형식이 같은 코드는 마지막 글자가 확인 문자여야 오타를 알아낼 수 있습니다. 마지막 글자를 {expected}(으)로 바꾸거나, 다섯 글자씩이 아니게 나누세요.',
    en: 'A code that looks like a generated one must end in its check character, so that typos are noticed. End it in {expected}, or do not group it by five.',
  },
  code_alone: {
    ko: '코드를 직접 정하면 초대가 하나만 만들어집니다. count, prefix, length를 빼세요.',
    en: 'A code of your own makes one invitation: do not send count, prefix or length.',
  },
  prefix_empty: { ko: '접두어를 적거나 이 항목을 빼세요.', en: 'Enter a prefix, or omit it.' },
  prefix_too_long: { ko: '접두어를 {maximum}자 이하로 적으세요.', en: 'Choose a prefix of at most {maximum} characters.' },
  prefix_characters: {
    ko: '접두어에는 글자와 숫자, . _ ~ - 만 쓸 수 있고, 글자나 숫자가 하나는 있어야 하며, -로 끝날 수 없습니다.',
    en: 'A prefix can hold letters, digits and . _ ~ - only, at least one letter or digit, and no hyphen at its end.',
  },
});

/** NUL and lone surrogates: no row can hold them, so no code does. */
const unstorable = /[\0\p{Cs}]/u;

/**
 * Checks a typed invitation code; as lenient as possible, because codes may also come from SQL, and people paste links and messages.
 * @returns the text as it is: the look-up folds it where no code is exactly this.
 */
export function acceptCode(text: string): Accepted<string> {
  const field = 'invitation_code';
  if (text.length > maximumUnitsRead) return refused({ field, rule: codeRules.code_invalid });
  if (unstorable.test(text)) return refused({ field, rule: codeRules.code_invalid });
  if (!hasVisibleCharacter(text)) return refused({ field, rule: codeRules.code_empty });
  const isShort = text.length <= maximumCodeLength || countCodePoints(readTypedCode(text).plain) <= maximumCodeLength;
  return isShort ? accepted(text) : refused({ field, rule: codeRules.code_invalid });
}

/** Visible letters and digits of any script (Hangul fillers are invisible letters), and characters that links need not encode. */
const writable = /^(?:(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{Nd}._~-])+$/u;
const letterOrDigit = /[\p{L}\p{Nd}]/u;

/**
 * Checks a custom code and returns it as stored, folded (`plainSpelling`) and trimmed: 1 to 64 letters, digits and `._~-`. If it looks like a
 * generated code it must have the right check character, so that a wrong one always means a typo.
 */
export function acceptCustomCode(text: string): Accepted<string> {
  if (text === '') return broken('code', codeRules.code_empty);
  if (text.length > maximumUnitsRead) return broken('code', codeRules.code_too_long, { maximum: maximumCustomLength });
  const code = plainSpelling(text).trim();
  if (code === '') return broken('code', codeRules.code_empty);
  if (!writable.test(code) || !letterOrDigit.test(code)) return broken('code', codeRules.code_characters);
  if (countCodePoints(code) > maximumCustomLength) return broken('code', codeRules.code_too_long, { maximum: maximumCustomLength });
  if (!isNoCodeOfOurs(code)) return accepted(code);
  const expected = checkCharacterFor(checkSum(keyOfCode(code).slice(0, -1)));
  return broken('code', codeRules.code_check_character, { expected });
}

/** Checks a prefix and returns it as stored: 1 to 24 characters of a custom code, without a hyphen at the end. */
export function acceptPrefix(text: string): Accepted<string> {
  if (text === '') return broken('prefix', codeRules.prefix_empty);
  if (text.length > maximumUnitsRead) return broken('prefix', codeRules.prefix_too_long, { maximum: maximumPrefixLength });
  const prefix = plainSpelling(text).trim();
  if (!writable.test(prefix) || !letterOrDigit.test(prefix) || prefix.endsWith('-')) return broken('prefix', codeRules.prefix_characters);
  if (countCodePoints(prefix) > maximumPrefixLength) return broken('prefix', codeRules.prefix_too_long, { maximum: maximumPrefixLength });
  return accepted(prefix);
}

function broken(field: string, rule: FieldRule, values: SentenceValues = {}): Accepted<never> {
  return refused({ field, rule, values });
}
