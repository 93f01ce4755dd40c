import { Server } from 'node:https';
import type { FastifyBaseLogger } from 'fastify';
import type { TlsFiles } from '../../config/config.ts';
import type { HttpServer } from '../server.ts';
import { datesMistake, day, readCertificate, TlsFileError } from './certificate.ts';
import { tlsOptions } from './tls-options.ts';

/** Reads the certificate again for new connections; open ones go on. A pair that cannot be used is logged, and the old one stays. */
export async function reloadCertificate({ server }: HttpServer, files: TlsFiles, log: FastifyBaseLogger): Promise<void> {
  if (!(server instanceof Server)) return;
  try {
    const certificate = await readCertificate(files);
    // All options again: `setSecureContext` forgets what it is not told.
    server.setSecureContext(tlsOptions(certificate));
    log.info({ until: day(certificate.validTo) }, 'new connections get the new certificate');
    const reason = datesMistake(certificate);
    if (reason !== undefined) log.warn({ reason }, 'the new certificate is not valid today');
  } catch (error) {
    const reason = error instanceof TlsFileError ? error.message : 'it could not be replaced';
    log.error({ reason }, 'the new certificate cannot be used; the old one stays');
  }
}
