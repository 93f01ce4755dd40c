import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { TlsFiles } from '../../config/config.ts';
import { type TlsPair, tlsOptions } from './tls-options.ts';

/** The files of TLS_CERT and TLS_KEY cannot be used; the message says which, why, and what to do. Nothing of the key is in it. */
export class TlsFileError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TlsFileError';
  }
}

export interface Certificate extends TlsPair {
  readonly validFrom: Date;
  readonly validTo: Date;
}

/**
 * Reads a certificate and its key, and makes sure that connections can be opened with them. One that has expired or is not valid yet is used
 * all the same: a service that people reach with a warning is better than one that does not start.
 * @throws TlsFileError
 */
export async function readCertificate(files: TlsFiles): Promise<Certificate> {
  const [cert, key] = await Promise.all([read('TLS_CERT', files.certificate), read('TLS_KEY', files.key)]);
  const certificate = parseCertificate(cert, files.certificate);
  const privateKey = parseKey(key, files.key);
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new TlsFileError(
      `TLS_KEY (${files.key}) is not the key of the first certificate in TLS_CERT (${files.certificate}): name the pair that was made together, ` +
        "and put the server's own certificate before those of its authorities.",
    );
  }
  try {
    createSecureContext(tlsOptions({ cert, key }));
  } catch (error) {
    const { reason, code } = error as { reason?: string; code?: string };
    throw new TlsFileError(`TLS_CERT (${files.certificate}) cannot be used for TLS: ${reason ?? code ?? 'OpenSSL refuses it'}.`);
  }
  return { cert, key, validFrom: new Date(certificate.validFrom), validTo: new Date(certificate.validTo) };
}

/** @returns a sentence where browsers will refuse the certificate today because of its dates. */
export function datesMistake({ validFrom, validTo }: Certificate, now = new Date()): string | undefined {
  if (validTo <= now) return `The certificate of TLS_CERT expired on ${day(validTo)}: renew it; browsers refuse it.`;
  if (validFrom > now)
    return `The certificate of TLS_CERT is not valid before ${validFrom.toISOString()}: check the clock of this machine.`;
  return undefined;
}

/** @returns the day in UTC, such as `2030-01-31`. */
export function day(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'the user of this process may not read it',
  EISDIR: 'it is a folder',
};

async function read(name: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new TlsFileError(`${name} (${path}) cannot be read: ${reasons[code] ?? code}.`);
  }
}

function parseCertificate(text: string, path: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch {
    const hint = text.includes('PRIVATE KEY') ? ' It holds a private key: that belongs into TLS_KEY.' : '';
    throw new TlsFileError(`TLS_CERT (${path}) holds no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----.${hint}`);
  }
}

function parseKey(text: string, path: string): KeyObject {
  if (/ENCRYPTED/.test(text)) {
    throw new TlsFileError(
      `TLS_KEY (${path}) is protected by a passphrase, which cannot be entered at start: write the key without one, by ` +
        'openssl pkey -in KEY -out NEW_KEY, and let only the user of the service read it.',
    );
  }
  try {
    return createPrivateKey(text);
  } catch {
    throw new TlsFileError(`TLS_KEY (${path}) holds no private key in PEM, which begins with -----BEGIN PRIVATE KEY-----.`);
  }
}
