import type { CountryCode } from 'libphonenumber-js';
import { validationFailed } from '../problems.ts';
import { partOfPhone } from '../rules/phone.ts';
import { foldTypedName } from '../rules/typed-text.ts';
import { acceptPeriod } from '../rules/validity.ts';
import type { UserSearch } from './user-search.ts';
import type { UserFilter } from './user-store.ts';

/** The filters of a request, named as in `userFilterQuery`. */
export interface UsersAsked {
  readonly invitation_id?: number | undefined;
  readonly campaign?: string | undefined;
  readonly text?: string | undefined;
  readonly created_from?: string | undefined;
  readonly created_to?: string | undefined;
}

/**
 * @param inFull whether the operator sees phone numbers. Others cannot search by one, or they could guess it digit by digit.
 * @throws Problem `validation_failed` for a text that is no moment.
 */
export function userFilter(
  asked: UsersAsked,
  inFull: boolean,
  { phoneRegion, timeZone }: { readonly phoneRegion: CountryCode; readonly timeZone: string },
): UserFilter {
  const { invitation_id, campaign, text, created_from, created_to } = asked;
  const period = acceptPeriod(['created_from', created_from], ['created_to', created_to], timeZone);
  if (!period.ok) throw validationFailed(period.errors);
  return {
    invitation_id,
    campaign: campaign?.normalize('NFC').trim(),
    text: text === undefined ? undefined : searchOf(text, inFull, phoneRegion),
    created_from: period.value.from,
    created_to: period.value.to,
  };
}

function searchOf(text: string, inFull: boolean, region: CountryCode): UserSearch {
  return { name: foldTypedName(text), digits: inFull ? partOfPhone(text, region) : undefined };
}

/** The same for the audit log, without the search text, which is a name or a phone number. */
export function auditedFilter({ text, ...asked }: UsersAsked): Readonly<Record<string, unknown>> {
  return { ...asked, ...(text !== undefined && { text: 'set' }) };
}
