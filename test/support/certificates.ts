import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isRequired } from './requirements.ts';
import { temporaryFolder } from './temporary.ts';

const program = ['/usr/bin/openssl', '/usr/local/bin/openssl', '/opt/homebrew/bin/openssl'].find((file) => existsSync(file));

/** Why tests over TLS are skipped here; `false`: they are not. */
export const skipWithoutOpenssl = program === undefined && !isRequired('openssl') ? 'needs openssl' : false;

export interface MadeCertificate {
  /** Paths of PEM files, and their contents. */
  readonly certificate: string;
  readonly key: string;
  readonly cert: string;
  readonly keyText: string;
}

export interface CertificateMaker {
  readonly folder: string;
  /**
   * Makes a certificate that signs itself, for `localhost` and 127.0.0.1.
   * @param days that it is good for; below 0: it has expired.
   */
  make(name: string, days?: number): MadeCertificate;
  /** Copies a pair into a new folder, as `cert.pem` and `key.pem`. */
  pair(folder: string, certificate: string, key: string): void;
  /** Runs `openssl` in the folder. */
  run(...args: string[]): void;
  remove(): void;
}

/** Creates certificates in a temporary folder; Node itself can only read them. */
export function openCertificateMaker(): CertificateMaker {
  if (program === undefined) throw new Error('openssl is missing');
  const folder = temporaryFolder('certificates');
  const run = (...args: string[]) => void execFileSync(program, args, { cwd: folder.path, stdio: ['ignore', 'ignore', 'pipe'] });
  return {
    folder: folder.path,
    run,
    remove: folder.remove,
    pair(target, certificate, key) {
      mkdirSync(target);
      copyFileSync(certificate, path.join(target, 'cert.pem'));
      copyFileSync(key, path.join(target, 'key.pem'));
    },
    make(name, days = 30) {
      const [certificate, key] = [path.join(folder.path, `${name}.pem`), path.join(folder.path, `${name}.key.pem`)];
      const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-subj', `/CN=${name}`];
      // `req -x509` takes no days in the past, `x509 -req` does.
      run('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', `${name}.csr`, ...names);
      run('x509', '-req', '-in', `${name}.csr`, '-signkey', key, '-days', String(days), '-copy_extensions', 'copy', '-out', certificate);
      return { certificate, key, cert: readFileSync(certificate, 'utf8'), keyText: readFileSync(key, 'utf8') };
    },
  };
}
