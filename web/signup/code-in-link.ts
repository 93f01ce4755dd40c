/**
 * @param text what was typed or pasted: a code, a link, or a whole message with a link in it.
 * @returns the code alone, trimmed.
 */
export function findCode(text: string): string {
  const link = /\/join(?:\?[^#\s]*)?(?:#|%23)(\S+)/i.exec(text);
  return (link?.[1] === undefined ? text : decoded(link[1])).trim();
}

/**
 * Puts `/join%23CODE` right, which Outlook's Safe Links makes of `/join#CODE`.
 * @returns the code of the page's address, or ''.
 */
export function readAddress(): string {
  const escaped = /^(.*\/join)%23(.*)$/i.exec(location.pathname);
  if (escaped) history.replaceState(history.state, '', `${escaped[1]}${location.search}#${escaped[2]}${location.hash.slice(1)}`);
  return decoded(location.hash.slice(1)).trim();
}

/** Keeps a code in the address, where a reload and "open in another browser" find it; '' takes it away. */
export function writeAddress(code: string): void {
  history.replaceState(history.state, '', location.pathname + location.search + (code && `#${encodeURIComponent(code)}`));
}

/**
 * @returns a few characters that tell codes apart and from which none can be read. Spellings of one code have the same: case, spaces, hyphens,
 *   O and 0, I, L and 1.
 */
export function fingerprint(code: string): string {
  const same = code.normalize('NFKC').toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  let hash = 0x811c9dc5;
  for (let at = 0; at < same.length; at += 1) hash = Math.imul(hash ^ same.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(36);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
