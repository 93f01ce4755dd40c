import { Server } from 'node:https';
import type { FastifyBaseLogger } from 'fastify';
import type { TlsFiles } from '../../config/config.ts';
import type { HttpServer } from '../server.ts';
import { type Certificate, certificateOf, datesMistake, day, readPair, TlsFileError } from './certificate.ts';
import { tlsOptions } from './tls-options.ts';

/** Milliseconds; certbot renews 30 days before the end, so that less means that it does not. */
const renewalOverdue = 14 * 86_400_000;

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
  let remindedOn = '';

  async function look(): Promise<void> {
    try {
      const found = await readPair(files);
      if (found.cert === used.cert && found.key === used.key) remind();
      else use(certificateOf(found, files));
      [mistake, isSaid] = [undefined, false];
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

  /** Once a day. */
  function remind(): void {
    const today = day(new Date());
    if (used.validTo.getTime() - Date.now() > renewalOverdue || remindedOn === today) return;
    remindedOn = today;
    log.warn({ until: day(used.validTo) }, 'the certificate ends soon, or has ended: whatever renews it does not');
  }

  const timer = setInterval(() => void look(), interval).unref();
  return { look, stop: () => clearInterval(timer) };
}
