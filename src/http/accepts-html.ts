import Negotiator from 'negotiator';

/** Characters; browsers send about 140. */
const maximumFieldLength = 1_000;

/**
 * @param accept the header `Accept` (RFC 9110, 12.5.1); undefined if missing.
 * @returns whether a person looks at the answer: browsers name `text/html` first, programs `application/json` or `*` alone.
 */
export function acceptsHtml(accept: string | undefined): boolean {
  if (accept === undefined || accept.length > maximumFieldLength) return false;
  return new Negotiator({ headers: { accept } }).mediaType(['application/json', 'text/html']) === 'text/html';
}
