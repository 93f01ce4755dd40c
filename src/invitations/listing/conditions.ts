import { campaignRevoked, heldSeats, usedSeats } from '../availability.ts';
import { codeKey } from '../code-key.ts';
import { type CodeLookUp, meantInvitation } from '../code-look-up.ts';
import type { ListFilters, ListStatus } from './list-filters.ts';
import type { Parameters } from './parameters.ts';
import { textCondition } from './text-search.ts';

const untouched = 'NOT i.is_used AND i.revoked_at IS NULL';
const notExpired = '(i.expires_at <= now()) IS NOT TRUE';
const notRevoked = `NOT ${campaignRevoked('i')}`;
const usable = `${untouched} AND ${notExpired} AND (i.starts_at > now()) IS NOT TRUE AND ${notRevoked}`;

/** What `stateOf` says, written so that a row is given up at the cheapest question; a test compares the two. */
const statusConditions: Readonly<Record<ListStatus, string>> = {
  usable,
  free: `${usable} AND i.max_uses - (${usedSeats('i')}) - ${heldSeats('i')} > 0`,
  held: `${heldSeats('i')} > 0`,
  used: `i.is_used AND i.revoked_at IS NULL AND ${notRevoked}`,
  expired: `${untouched} AND i.expires_at <= now() AND ${notRevoked}`,
  revoked: `(i.revoked_at IS NOT NULL OR ${campaignRevoked('i')})`,
  not_started: `${untouched} AND i.starts_at > now() AND ${notExpired} AND ${notRevoked}`,
};

/** @returns an SQL condition on the row `i` of "Invitation" that holds exactly where all filters do. */
export function filterCondition(filters: ListFilters, parameters: Parameters): string {
  const { status, campaign, batch, text, code, codeLike, createdFrom, createdTo } = filters;
  const conditions: string[] = [];
  if (campaign !== undefined) conditions.push(`i.campaign = ${parameters.add(campaign, 'text')}`);
  if (batch !== undefined) conditions.push(`i.batch = ${parameters.add(batch, 'uuid')}`);
  if (createdFrom) conditions.push(`i.created_at >= ${parameters.add(createdFrom.toISOString(), 'timestamptz')}`);
  if (createdTo) conditions.push(`i.created_at < ${parameters.add(createdTo.toISOString(), 'timestamptz')}`);
  if (status) conditions.push(statusConditions[status]);
  if (text) conditions.push(textCondition(text, parameters));
  if (code) conditions.push(`i.id = ${meant(code, parameters)}`);
  if (codeLike !== undefined) conditions.push(hasKeyOf(parameters.add(codeLike, 'text')));
  return conditions.join(' AND ') || 'true';
}

/** @param code SQL of type text. @returns an SQL condition on the row `i`: people cannot tell its code from this one. */
export function hasKeyOf(code: string): string {
  return `(${codeKey('i.code')} = ${codeKey(code)} AND ${codeKey(code)} <> '')`;
}

/** @returns the id that a code means, as SQL; NULL: none. */
export function meant({ typed, plain, grouped }: CodeLookUp, parameters: Parameters): string {
  const text = (value: string | null) => parameters.add(value, 'text');
  return meantInvitation({ typed: text(typed), plain: text(plain), grouped: text(grouped) });
}
