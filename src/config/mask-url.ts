const mask = '***';

/** Any other word before `://` may itself be part of a password that was pasted alone. */
const printableScheme = /^\s*(?:postgres|postgresql|prisma|prisma\+postgres|mysql|mongodb|mongodb\+srv|https?):\/\//i;

/**
 * Masks a database address for printing: whatever may belong to a password becomes `***`, also in a malformed URL.
 * Everything between the first `:` after the user and the last `@` is masked, and the rest too if the text looks cut off inside
 * the password (no `@`, or no host with a path after it). Text without a known scheme is masked completely.
 */
export function maskUrl(text: string): string {
  const scheme = printableScheme.exec(text)?.[0];
  if (scheme === undefined) return mask;
  const rest = text.slice(scheme.length);
  const end = passwordEnd(rest);
  const start = passwordStart(rest, end);
  const parameter = passwordParameterStart(rest);
  if (parameter !== undefined && (start === undefined || parameter < start)) return scheme + rest.slice(0, parameter) + mask;
  if (start === undefined) return scheme + rest;
  const visible = scheme + rest.slice(0, start) + mask;
  if (end === undefined || (parameter !== undefined && parameter < end)) return visible;
  return visible + (parameter === undefined ? rest.slice(end) : rest.slice(end, parameter) + mask);
}

/** @returns the index of the last `@`; undefined if everything up to the end may belong to the password. */
function passwordEnd(rest: string): number | undefined {
  const at = rest.lastIndexOf('@');
  const hasHostAndPath = /^(?:[^/?#]+\/|\/[^?#]*\?host=)/.test(rest.slice(at + 1));
  return at >= 0 && hasHostAndPath ? at : undefined;
}

/** A user name may contain an encoded colon, after which a password may have been written by mistake. */
function passwordStart(rest: string, end: number | undefined): number | undefined {
  const colon = /:|%3a/i.exec(rest.slice(0, end));
  return colon === null ? undefined : colon.index + colon[0].length;
}

/** Parameters that PostgreSQL knows and that hold no secret. */
const openParameters =
  /^(?:sslmode|sslrootcert|sslcert|host|port|schema|pgbouncer|application_name|connect_timeout|connection_limit|pool_timeout|options|target_session_attrs|channel_binding|x)$/i;

/** The index of the value of the first parameter that may be a secret: `?password=`, `&api_key=` and whatever is not known. */
function passwordParameterStart(rest: string): number | undefined {
  for (const parameter of rest.matchAll(/[?&]([^=&?]*)=/g)) {
    if (!openParameters.test(parameter[1] ?? '')) return parameter.index + parameter[0].length;
  }
  return undefined;
}
