import { fieldRules } from '../problems.ts';
import { latinLook } from '../rules/look-alikes.ts';
import { type Accepted, accepted, refused } from '../rules/result.ts';
import {
  countCodePoints,
  hasBidirectionalControl,
  hasUnusableCharacter,
  hasVisibleCharacter,
  maximumUnitsRead,
} from '../rules/well-formed-text.ts';

/** Code points, after NFC and trimming. */
export const maximumKeyLabelLength = 64;

export const keyLabelRules = fieldRules({
  label_empty: {
    ko: '누가 또는 무엇이 쓰는 키인지 적으세요.',
    en: 'Say who or what will use the key.',
  },
  label_too_long: {
    ko: '라벨을 {maximum}자 이하로 적으세요.',
    en: 'Enter a label of at most {maximum} characters.',
  },
  label_reserved: {
    ko: '감사 기록에서 local은 서버에서 직접 한 작업을 뜻합니다. 다른 라벨을 적으세요.',
    en: 'In the audit log, local means a person on the machine itself. Enter another label.',
  },
  label_characters: {
    ko: '라벨에 줄바꿈 같은 제어 문자나 글자 방향을 바꾸는 문자, 깨진 문자를 쓸 수 없습니다. 지우고 다시 적으세요.',
    en: 'A label cannot contain line breaks or other control characters, marks that change the direction of writing, or broken characters. Remove them.',
  },
});

/** Checks a key label and returns it as stored: NFC, trimmed, one visible line of 1 to 64 code points, and not `local`. */
export function acceptLabel(text: string): Accepted<string> {
  const field = 'label';
  const tooLong = { field, rule: keyLabelRules.label_too_long, values: { maximum: maximumKeyLabelLength } };
  if (text.length > maximumUnitsRead) return refused(tooLong);
  const label = text.normalize('NFC').trim();
  if (hasUnusableCharacter(label) || hasBidirectionalControl(label)) return refused({ field, rule: keyLabelRules.label_characters });
  if (!hasVisibleCharacter(label)) return refused({ field, rule: keyLabelRules.label_empty });
  if (countCodePoints(label) > maximumKeyLabelLength) return refused(tooLong);
  if (looksLikeLocal(label)) return refused({ field, rule: keyLabelRules.label_reserved });
  return accepted(label);
}

/** @returns a key that is equal for labels that look alike in the audit log: without case, spaces, width and invisible characters. */
export function labelKey(label: string): string {
  return latinLook(label).replace(/\p{White_Space}/gu, '');
}

function looksLikeLocal(label: string): boolean {
  const letters: Readonly<Record<string, string>> = { 0: 'o', 1: 'l', i: 'l', '|': 'l', '@': 'a' };
  return labelKey(label).replace(/[01i|@]/g, (sign) => letters[sign] ?? sign) === 'local';
}
