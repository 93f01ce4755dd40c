import { type FieldRule, fieldRules, type SentenceValues } from '../problems.ts';
import { type Accepted, accepted, refused } from '../rules/result.ts';
import {
  countCodePoints,
  hasBidirectionalControl,
  hasUnusableCharacter,
  hasVisibleCharacter,
  maximumUnitsRead,
} from '../rules/well-formed-text.ts';

/** Code points. */
export const maximumCampaignLength = 64;
/** Code points. */
export const maximumNoteLength = 500;

export const labelRules = fieldRules({
  campaign_empty: { ko: '캠페인 이름을 적거나 이 항목을 빼세요.', en: 'Enter the name of a campaign, or omit it.' },
  campaign_too_long: { ko: '캠페인 이름을 {maximum}자 이하로 적으세요.', en: 'Give the campaign a name of at most {maximum} characters.' },
  campaign_characters: {
    ko: '캠페인 이름에 줄바꿈 같은 제어 문자나 글자 방향을 바꾸는 문자, 깨진 문자를 쓸 수 없습니다.',
    en: 'The name of a campaign cannot contain line breaks or other control characters, marks that change the direction of writing, or broken characters.',
  },
  campaign_dots: {
    ko: '"."이나 ".."은 주소에 쓸 수 없어 캠페인 이름으로 정할 수 없습니다.',
    en: 'A campaign cannot be called . or .. because URLs cannot contain that.',
  },
  note_empty: { ko: '메모를 적거나 이 항목을 빼세요.', en: 'Enter a note, or omit it.' },
  note_too_long: { ko: '메모를 {maximum}자 이하로 적으세요.', en: 'Write a note of at most {maximum} characters.' },
  note_characters: {
    ko: '메모에 줄바꿈 같은 제어 문자나 글자 방향을 바꾸는 문자, 깨진 문자를 쓸 수 없습니다.',
    en: 'A note cannot contain line breaks or other control characters, marks that change the direction of writing, or broken characters.',
  },
});

/** Checks a campaign name and returns it as stored: NFC, trimmed, 1 to 64 code points. */
export function acceptCampaign(text: string): Accepted<string> {
  const label = acceptLabel('campaign', text, maximumCampaignLength);
  // HTTP clients remove these two from a path, encoded or not (RFC 3986, 5.2.4), so such a campaign could not be revoked.
  return label.ok && /^\.\.?$/.test(label.value) ? broken('campaign', labelRules.campaign_dots) : label;
}

/** Checks a note and returns it as stored: NFC, trimmed, one line of 1 to 500 code points. */
export function acceptNote(text: string): Accepted<string> {
  return acceptLabel('note', text, maximumNoteLength);
}

function acceptLabel(field: 'campaign' | 'note', text: string, maximum: number): Accepted<string> {
  if (text.length > maximumUnitsRead) return broken(field, labelRules[`${field}_too_long`], { maximum });
  const label = text.normalize('NFC').trim();
  if (hasUnusableCharacter(label) || hasBidirectionalControl(label)) return broken(field, labelRules[`${field}_characters`]);
  if (!hasVisibleCharacter(label)) return broken(field, labelRules[`${field}_empty`]);
  return countCodePoints(label) > maximum ? broken(field, labelRules[`${field}_too_long`], { maximum }) : accepted(label);
}

function broken(field: string, rule: FieldRule, values: SentenceValues = {}): Accepted<never> {
  return refused({ field, rule, values });
}
