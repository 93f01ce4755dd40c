import { Server } from 'node:https';
import type { FastifyBaseLogger } from 'fastify';
import type { TlsFiles } from '../../config/config.ts';
import type { HttpServer } from '../server.ts';
import { type Certificate, datesMistake, day, readCertificate, TlsFileError } from './certificate.ts';
import { tlsOptions } from './tls-options.ts';

export interface FollowOptions {
  readonly files: TlsFiles;
  /** The one that is in use. */
  readonly current: Certificate;
  readonly log: FastifyBaseLogger;
  /** Milliseconds between two looks. */
  readonly interval?: number;
}

export interface CertificateFollower {
  /** Looks now. */
  look(): Promise<void>;
  stop(): void;
}

/**
 * Gives new connections the new certificate when its files change; connections that are open go on. By reading the files again and again and not by
 * watching them: that is blind on network file systems, and loses a file that is replaced through a link, as certbot and Kubernetes do.
 * A pair that cannot be used is passed over, and said in the log when it is still there at the next look: whoever replaces two files has a moment
 * in between.
 */
export function followCertificate(app: HttpServer, { files, current, log, interval = 5_000 }: FollowOptions): CertificateFollower {
  let used = current;
  let mistake: string | undefined;
  let isSaid = false;

  async function look(): Promise<void> {
    try {
      const found = await readCertificate(files);
      [mistake, isSaid] = [undefined, false];
      if (found.cert !== used.cert || found.key !== used.key) use(found);
    } catch (error) {
      const message = error instanceof TlsFileError ? error.message : 'The certificate could not be replaced.';
      if (message !== mistake) [mistake, isSaid] = [message, false];
      else if (!isSaid) {
        isSaid = true;
        log.error({ reason: message }, 'the new certificate cannot be used; the old one stays');
      }
    }
  }

  function use(found: Certificate): void {
    if (!(app.server instanceof Server)) return;
    app.server.setSecureContext(tlsOptions(found));
    used = found;
    log.info({ until: day(found.validTo) }, 'new connections get the new certificate');
    const warning = datesMistake(found);
    if (warning !== undefined) log.warn({ reason: warning }, 'the new certificate is not valid today');
  }

  const timer = setInterval(() => void look(), interval).unref();
  return { look, stop: () => clearInterval(timer) };
}
