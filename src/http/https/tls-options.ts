import { constants } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';

/** A certificate and its private key. */
export interface TlsPair {
  /** PEM: the server's own certificate, then those of its authorities. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
}

/**
 * TLS 1.2 and 1.3 with the suites of Mozilla's "intermediate" recommendation that have forward secrecy by elliptic curves (version 5.7; ASVS 5.0,
 * 12.1.1 and 12.1.2). A client that would negotiate anew within a connection only costs time, so it is refused.
 */
export function tlsOptions({ cert, key }: TlsPair): SecureContextOptions {
  return {
    cert,
    key,
    minVersion: 'TLSv1.2',
    ciphers: suites.join(':'),
    honorCipherOrder: true,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
  };
}

const suites = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
];
