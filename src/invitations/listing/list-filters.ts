import type { CountryCode } from 'libphonenumber-js';
import { type FieldRule, fieldRules, type SentenceValues } from '../../problems.ts';
import { shownMoment } from '../../rules/format-timestamp.ts';
import { acceptPhone } from '../../rules/phone.ts';
import { type Accepted, accepted, refused } from '../../rules/result.ts';
import { foldWidth, withoutInvisible } from '../../rules/typed-text.ts';
import { acceptMoment } from '../../rules/validity.ts';
import { countCodePoints, hasUnusableCharacter, maximumUnitsRead } from '../../rules/well-formed-text.ts';
import { acceptCode } from '../code.ts';
import { type CodeLookUp, codeLookUp } from '../code-look-up.ts';
import type { Locality } from '../invitation-input.ts';
import { readTypedCode } from '../typed-code.ts';

/** `free`: usable with a free seat; `held`: a person is signing up right now; the others are what `stateOf` says. */
export const listStatuses = ['usable', 'free', 'held', 'used', 'expired', 'revoked', 'not_started'] as const;
export type ListStatus = (typeof listStatuses)[number];

/** What an operator types to find invitations. */
export interface SearchText {
  /** The beginning of a code, in any spelling, or words of a note; the last word may be only begun. */
  readonly typed: string;
  /** The same as a phone number (E.164), where it is one and the operator sees phone numbers. */
  readonly phone: string | undefined;
  /** What matches, where it has been looked up and is little. */
  readonly ids?: readonly number[];
}

/** The filters of a list or an export, by the names of `filterQuery`; all must hold. */
export interface ListFilters {
  readonly status: ListStatus | undefined;
  /** The name, whole. */
  readonly campaign: string | undefined;
  readonly batch: string | undefined;
  readonly text: SearchText | undefined;
  /** The one invitation that this code means at sign-up. */
  readonly code: CodeLookUp | undefined;
  /** Every invitation whose code people cannot tell from this one, in the characters that codes are written in. */
  readonly code_like: string | undefined;
  /** The first moment. */
  readonly created_from: Date | undefined;
  /** The moment after the last. */
  readonly created_to: Date | undefined;
}

/** The same as it comes in a query string. */
export interface WrittenFilters {
  readonly status?: ListStatus | undefined;
  readonly campaign?: string | undefined;
  readonly batch?: string | undefined;
  readonly text?: string | undefined;
  readonly code?: string | undefined;
  readonly code_like?: string | undefined;
  readonly created_from?: string | undefined;
  readonly created_to?: string | undefined;
}

/** Code points of a text to search for. */
export const maximumSearchLength = 256;

export const searchRules = fieldRules({
  search_empty: { ko: '검색어를 적거나 이 항목을 빼세요.', en: 'Say what to look for, or leave it out.' },
  search_too_long: { ko: '검색어를 {maximum}자 이하로 적으세요.', en: 'Look for at most {maximum} characters.' },
  search_characters: {
    ko: '검색어에 제어 문자나 깨진 문자가 들어 있습니다.',
    en: 'What you look for holds control characters or broken ones.',
  },
});

/**
 * Judges what a list is asked for.
 * @param inFull whether the operator sees phone numbers: others find no invitation by one, or it could be guessed digit by digit.
 */
export function acceptFilters(written: WrittenFilters, { phoneRegion, timeZone }: Locality, inFull: boolean): Accepted<ListFilters> {
  const campaign = optional(written.campaign, (text) => acceptSought('campaign', text));
  const text = optional(written.text, (typed) => acceptSearch(typed, phoneRegion, inFull));
  const code = optional(written.code, acceptWhole);
  const codeLike = optional(written.code_like, acceptSpelling);
  const from = optional(written.created_from, (moment) => acceptMoment('created_from', moment, timeZone));
  const to = optional(written.created_to, (moment) => acceptMoment('created_to', moment, timeZone, 'end'));
  if (!campaign.ok || !text.ok || !code.ok || !codeLike.ok || !from.ok || !to.ok) {
    return { ok: false, errors: [campaign, text, code, codeLike, from, to].flatMap((judged) => (judged.ok ? [] : judged.errors)) };
  }
  return accepted({
    status: written.status,
    campaign: campaign.value,
    batch: written.batch,
    text: text.value,
    code: code.value,
    code_like: codeLike.value,
    created_from: from.value,
    created_to: to.value,
  });
}

/** The same for the audit log: without the text and the code, which are no business of its readers. */
export function auditedFilters({
  status,
  campaign,
  batch,
  text,
  code,
  created_from,
  created_to,
}: ListFilters): Readonly<Record<string, unknown>> {
  const moments = { created_from: created_from && shownMoment(created_from), created_to: created_to && shownMoment(created_to) };
  return { status, campaign, batch, ...moments, ...(text && { text: 'set' }), ...(code && { code: 'set' }) };
}

function optional<T>(written: string | undefined, accept: (text: string) => Accepted<T>): Accepted<T | undefined> {
  return written === undefined ? accepted(undefined) : accept(written);
}

function acceptSpelling(text: string): Accepted<string> {
  const code = acceptCode(text);
  return code.ok
    ? accepted(readTypedCode(code.value).plain)
    : { ok: false, errors: code.errors.map((error) => ({ ...error, field: 'code_like' })) };
}

function acceptWhole(text: string): Accepted<CodeLookUp> {
  const code = acceptCode(text);
  return code.ok ? accepted(codeLookUp(code.value)) : { ok: false, errors: code.errors.map((error) => ({ ...error, field: 'code' })) };
}

function acceptSearch(text: string, region: CountryCode, inFull: boolean): Accepted<SearchText> {
  const isShort = text.length <= maximumUnitsRead;
  const sought = acceptSought('text', isShort ? withoutInvisible(text.replace(/\s/g, ' ')) : text);
  if (!sought.ok) return sought;
  const typed = foldWidth(sought.value).trim();
  const phone = inFull ? acceptPhone(typed, { region }) : undefined;
  return accepted({ typed, phone: phone?.ok ? phone.value.e164 : undefined });
}

/** Any text that could be stored, in NFC: the operator's own SQL keeps to no other rule. */
function acceptSought(field: string, text: string): Accepted<string> {
  const broken = (rule: FieldRule, values: SentenceValues = {}) => refused({ field, rule, values });
  if (text.length > maximumUnitsRead) return broken(searchRules.search_too_long, { maximum: maximumSearchLength });
  const sought = text.normalize('NFC');
  if (sought.trim() === '') return broken(searchRules.search_empty);
  if (hasUnusableCharacter(sought)) return broken(searchRules.search_characters);
  const isTooLong = countCodePoints(sought) > maximumSearchLength;
  return isTooLong ? broken(searchRules.search_too_long, { maximum: maximumSearchLength }) : accepted(sought);
}
