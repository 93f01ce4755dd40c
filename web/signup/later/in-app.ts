/**
 * Browsers inside messengers mostly cannot save a password.
 * @returns undefined in an ordinary browser; otherwise the link that opens this page in one, or '' if only the app's menu can.
 */
export function wayOut(agent: string, href: string): string | undefined {
  const android = /Android/.test(agent);
  const intent = () => `${href.replace(/^https?/, 'intent')}#Intent;scheme=${new URL(href).protocol.slice(0, -1)};end`;
  if (/KAKAOTALK/i.test(agent)) return `kakaotalk://web/openExternal?url=${encodeURIComponent(href)}`;
  if (/\bLine\//.test(agent)) {
    const url = new URL(href);
    url.searchParams.set('openExternalBrowser', '1');
    return url.href;
  }
  if (/NAVER\(inapp|Instagram|FBAN|FBAV/.test(agent)) return android ? intent() : '';
  return undefined;
}
