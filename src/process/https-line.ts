import type { Config } from '../config/config.ts';
import { type Certificate, datesMistake, day } from '../http/https/certificate.ts';

/** @returns what the start line about HTTPS says: what protects requests, or that nothing does. */
export function httpsLine({ http, isProduction }: Config, certificate: Certificate | undefined): string {
  if (certificate) return datesMistake(certificate) ?? `spoken here, with a certificate until ${day(certificate.validTo)} (TLS_CERT)`;
  if (http.forceHttps) return 'required: plain HTTP is redirected or refused (FORCE_HTTPS)';
  if (isProduction) return 'NOT required, although NODE_ENV is production (FORCE_HTTPS=off)';
  return 'not required; where people use the service, set FORCE_HTTPS=on or NODE_ENV=production';
}
