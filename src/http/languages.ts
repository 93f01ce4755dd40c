import Negotiator from 'negotiator';
import { type Language, languages } from '../problems.ts';

/** Characters. Browsers send up to about 200; a header of 16 KiB would take 8 ms to parse and costs an attacker nothing. */
const maximumFieldLength = 1_000;

/**
 * @param acceptLanguage the header `Accept-Language` (RFC 9110, 12.5.4); undefined if missing.
 * @param fallback for clients that name none of our languages.
 * @returns the language of the response.
 */
export function preferredLanguage(acceptLanguage: string | undefined, fallback: Language): Language {
  if (acceptLanguage === undefined || acceptLanguage.length > maximumFieldLength) return fallback;
  // Equal weights are decided by this order, so `*` means the fallback.
  const offered = [fallback, ...languages.filter((language) => language !== fallback)];
  const chosen = new Negotiator({ headers: { 'accept-language': acceptLanguage } }).language(offered);
  return offered.find((language) => language === chosen) ?? fallback;
}
