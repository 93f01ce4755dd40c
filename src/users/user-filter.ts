import type { CountryCode } from 'libphonenumber-js';
import { validationFailed } from '../errors.ts';
import { acceptPeriod } from '../life-span.ts';
import { acceptPhone, significantDigits } from '../phone.ts';
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
 * @throws Problem `validation_failed` if a time is invalid.
 */
export function userFilter(asked: UsersAsked, inFull: boolean, region: CountryCode): UserFilter {
  const { invitation_id, campaign, text, created_from, created_to } = asked;
  const period = acceptPeriod(['created_from', created_from], ['created_to', created_to]);
  if (!period.ok) throw validationFailed(period.errors);
  const filter = { invitation_id, campaign: campaign?.normalize('NFC').trim(), ...period.value };
  if (text === undefined) return filter;
  const name = text.normalize('NFC').trim();
  if (!inFull) return { ...filter, name };
  // No search by part of a number: its digits would end many numbers.
  const phone = acceptPhone(text, { region });
  return { ...filter, name, phone: { typed: name, digits: phone.ok ? significantDigits(phone.value.typed, region) : undefined } };
}

/** The same for the audit log, without the search text, which is a name or a phone number. */
export function auditedFilter({ text, ...asked }: UsersAsked): Readonly<Record<string, unknown>> {
  return { ...asked, ...(text !== undefined && { text: 'set' }) };
}
