import type { Config, TlsFiles } from '../../config/config.ts';
import { datesMistake, day, readCertificate, TlsFileError } from '../../http/https/certificate.ts';
import { type Finding, pages } from './finding.ts';
import { isPrivateHost } from './private-host.ts';

const named = { name: 'https', page: pages.https };
/** Days; certbot renews 30 days before the end, so that less means that it does not. */
const renewalOverdue = 14;

/** Looks at what protects requests on their way, and at the dates of the certificate. */
export async function examineHttps({ http, isProduction }: Config): Promise<Finding> {
  if (http.tls) return examineCertificate(http.tls);
  if (http.forceHttps) {
    if (http.trustedProxies !== undefined)
      return { ...named, verdict: 'ok', message: 'required; the proxy of TRUST_PROXY tells by X-Forwarded-Proto what came over it' };
    return {
      ...named,
      verdict: 'problem',
      message: 'required, but nothing can show that a request came over it: every request is redirected or refused',
      advice: 'Set TRUST_PROXY to the proxy that ends TLS, or TLS_CERT and TLS_KEY.',
    };
  }
  if (!isProduction && isPrivateHost(http.host))
    return { ...named, verdict: 'ok', message: 'not required, on an address of this machine or a private network' };
  return {
    ...named,
    verdict: 'warning',
    message: 'not required: plain HTTP is served too, and anyone on the path can read the passwords',
    advice: 'Set FORCE_HTTPS=on, with TRUST_PROXY or TLS_CERT and TLS_KEY.',
  };
}

async function examineCertificate(files: TlsFiles): Promise<Finding> {
  try {
    const certificate = await readCertificate(files);
    const mistake = datesMistake(certificate);
    if (mistake !== undefined) return { ...named, verdict: 'problem', message: mistake, advice: 'Renew it.' };
    const days = (certificate.validTo.getTime() - Date.now()) / 86_400_000;
    if (days > renewalOverdue) {
      return { ...named, verdict: 'ok', message: `spoken here, with a certificate until ${day(certificate.validTo)}` };
    }
    const message = `the certificate of TLS_CERT expires on ${day(certificate.validTo)}`;
    return { ...named, verdict: 'warning', message, advice: 'Renew it; a running service takes the new one by itself.' };
  } catch (error) {
    if (!(error instanceof TlsFileError)) throw error;
    return { ...named, verdict: 'problem', message: error.message, advice: 'The service does not start with these files.' };
  }
}
