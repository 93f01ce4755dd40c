import { type Agent, type RequestOptions, request } from 'node:https';
import { text as readText } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';

export interface SecureAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** CN of the certificate that the connection was opened with. */
  readonly certificateName: string;
}

/** @param ca PEM of the certificates that are trusted. */
export function askSecurely(
  url: string,
  { ca, ...options }: RequestOptions & { readonly ca: string; readonly agent?: Agent | false },
  body?: string,
): Promise<SecureAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false, ...options, ca }, (answer) => {
      const { subject } = (answer.socket as TLSSocket).getPeerCertificate();
      readText(answer).then((text) => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text, certificateName: String(subject.CN) });
      }, reject);
    });
    outgoing.on('error', reject).end(body);
  });
}
