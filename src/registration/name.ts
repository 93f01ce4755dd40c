import { type FieldRule, fieldRules, type SentenceValues } from '../problems.ts';
import { type Accepted, accepted, refused } from '../rules/result.ts';
import { foldTypedName } from '../rules/typed-text.ts';
import { countCodePoints, hasUnusableCharacter, hasVisibleCharacter, maximumUnitsRead } from '../rules/well-formed-text.ts';

/** Code points, after NFC and trimming. */
const maximumNameLength = 100;

export const nameRules = fieldRules({
  name_empty: {
    ko: '이름을 적으세요.',
    en: 'Enter your name.',
  },
  name_too_long: {
    ko: '이름을 {maximum}자 이하로 적으세요.',
    en: 'Enter a name of at most {maximum} characters.',
  },
  name_characters: {
    ko: '이름에 제어 문자나 깨진 문자를 쓸 수 없습니다. 지우고 다시 적으세요.',
    en: 'A name cannot hold control characters or broken characters. Remove them.',
  },
});

/**
 * Validates a name and returns it as stored: folded (`foldTypedName`: NFC, single spaces, nothing invisible), 1 to 100 code points.
 * Nothing is escaped: `<b>` is stored as typed, and code that displays a name must escape it.
 * Rejected: control characters but white space (they forge log lines), lone surrogates, and names without visible characters.
 * Joiners and variation selectors are allowed, since Persian, Indic and some Japanese names need them.
 */
export function acceptName(text: string): Accepted<string> {
  if (text.length > maximumUnitsRead) return broken(nameRules.name_too_long, { maximum: maximumNameLength });
  const name = foldTypedName(text);
  if (hasUnusableCharacter(name)) return broken(nameRules.name_characters);
  if (!hasVisibleCharacter(name)) return broken(nameRules.name_empty);
  if (countCodePoints(name) > maximumNameLength) return broken(nameRules.name_too_long, { maximum: maximumNameLength });
  return accepted(name);
}

function broken(rule: FieldRule, values: SentenceValues = {}): Accepted<never> {
  return refused({ field: 'name', rule, values });
}
