import { type Accepted, accepted, refused } from '../accepted.ts';
import { fieldRules } from '../errors.ts';
import { countCodePoints, hasUnusableCharacter } from '../well-formed-text.ts';

/** Code points. The original set no limit; nobody types more. */
export const maximumCodeLength = 256;

export const codeRules = fieldRules({
  code_empty: { ko: '초대 코드를 입력하세요.', en: 'Enter the invitation code.' },
  code_invalid: {
    ko: '초대 코드에 쓸 수 없는 문자가 있거나 너무 깁니다.',
    en: 'The invitation code is too long or has characters that no code has.',
  },
});

/** Judges what somebody typed as an invitation code; it is looked up exactly as typed. */
export function acceptCode(text: string): Accepted<string> {
  const field = 'invitation_code';
  if (text === '') return refused({ field, rule: codeRules.code_empty });
  if (hasUnusableCharacter(text) || text.length > 4 * maximumCodeLength || countCodePoints(text) > maximumCodeLength) {
    return refused({ field, rule: codeRules.code_invalid });
  }
  return accepted(text);
}
