import { UsageError } from './exit-codes.ts';

/** The address of a server without a slash at its end, and perhaps with a path before every endpoint. */
export type BaseUrl = string;

/** @throws UsageError, with a sentence that does not repeat it, where the text is no address that requests can be sent to. */
export function parseBaseUrl(text: string): BaseUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new UsageError('Give the whole address, beginning with http:// or https://, such as http://127.0.0.1:8000.');
  }
  if (url.username || url.password) throw new UsageError('Leave the user and the password out of the address.');
  if (url.search || url.hash) throw new UsageError('Leave out what follows the ? or # of the address.');
  return url.origin + url.pathname.replace(/\/+$/, '');
}

/** Whether what is sent to an address cannot be read on the way: it is encrypted, or stays on this machine. */
export function isSafeForSecrets(url: BaseUrl): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])$/.test(hostname);
}
