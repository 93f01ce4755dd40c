import Negotiator from 'negotiator';
import { type Language, languages } from '../errors.ts';

/** Characters. Browsers send up to 200 or so; a field of 16 KiB takes 8 ms to read, and costs whoever sends it nothing. */
const maximumFieldLength = 1_000;

/**
 * @param acceptLanguage the field `Accept-Language` (RFC 9110, 12.5.4); undefined where the request has none.
 * @param fallback the language of those who name none of ours.
 * @returns the language in which to answer.
 */
export function preferredLanguage(acceptLanguage: string | undefined, fallback: Language): Language {
  if (acceptLanguage === undefined || acceptLanguage.length > maximumFieldLength) return fallback;
  // Equal weights are decided by this order, so `*` means the fallback.
  const offered = [fallback, ...languages.filter((language) => language !== fallback)];
  const chosen = new Negotiator({ headers: { 'accept-language': acceptLanguage } }).language(offered);
  return offered.find((language) => language === chosen) ?? fallback;
}
