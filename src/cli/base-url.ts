/** The address of a server without a slash at its end, and perhaps with a path before every endpoint. */
export type BaseUrl = string;

/** @throws Error with a sentence where the text is no address that requests can be sent to. */
export function parseBaseUrl(text: string): BaseUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new Error('Give the whole address, beginning with http:// or https://, such as http://127.0.0.1:8000.');
  }
  if (url.username || url.password) throw new Error('Leave the user and the password out of the address.');
  if (url.search || url.hash) throw new Error('Leave out what follows the ? or # of the address.');
  return url.origin + url.pathname.replace(/\/+$/, '');
}
