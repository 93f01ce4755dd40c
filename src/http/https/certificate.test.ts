import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import {
  type CertificateMaker,
  type MadeCertificate,
  openCertificateMaker,
  skipWithoutOpenssl as skip,
} from '../../../test/support/certificates.ts';
import { datesMistake, readCertificate, TlsFileError } from './certificate.ts';

let maker: CertificateMaker;
let good: MadeCertificate;
before(() => {
  if (skip) return;
  maker = openCertificateMaker();
  good = maker.make('good');
});
after(() => maker?.remove());

const file = (name: string, text: string) => {
  const target = path.join(maker.folder, name);
  writeFileSync(target, text);
  return target;
};

async function sentenceOf(certificate: string, key: string): Promise<string> {
  try {
    await readCertificate({ certificate, key });
  } catch (error) {
    assert.ok(error instanceof TlsFileError, String(error));
    for (const line of good.keyText.split('\n').slice(1, -2)) assert.ok(!error.message.includes(line));
    return error.message;
  }
  return 'no mistake';
}

test('a pair that belongs together is read, with its dates', { skip }, async () => {
  const { cert, key, validFrom, validTo } = await readCertificate(good);
  assert.deepEqual([cert, key], [good.cert, good.keyText]);
  assert.equal(Math.round((validTo.getTime() - validFrom.getTime()) / 86_400_000), 30);
});

test('each mistake has its sentence', { skip }, async () => {
  const other = maker.make('other');
  const expected: readonly (readonly [certificate: string, key: string, sentence: RegExp])[] = [
    ['/nowhere/cert.pem', good.key, /^TLS_CERT \(\/nowhere\/cert\.pem\) cannot be read: there is no such file\.$/],
    [good.certificate, '/nowhere/key.pem', /^TLS_KEY \(\/nowhere\/key\.pem\) cannot be read: there is no such file\.$/],
    [maker.folder, good.key, /^TLS_CERT .* cannot be read: it is a folder\.$/],
    [
      good.certificate,
      other.key,
      /^TLS_KEY .* is not the key of the first certificate in TLS_CERT .*: name the pair that was made together/,
    ],
    [file('reversed.pem', other.cert + good.cert), good.key, /put the server's own certificate before those of its authorities/],
    [good.key, good.key, /^TLS_CERT .* holds no certificate in PEM.* It holds a private key: that belongs into TLS_KEY\.$/],
    [file('empty.pem', ''), good.key, /holds no certificate in PEM/],
    [file('garbage.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'), good.key, /holds no certificate in PEM/],
    [good.certificate, good.certificate, /^TLS_KEY .* holds no private key in PEM/],
    [good.certificate, file('short.pem', good.keyText.slice(0, 100)), /^TLS_KEY .* holds no private key in PEM/],
  ];
  for (const [certificate, key, sentence] of expected) assert.match(await sentenceOf(certificate, key), sentence);
});

test('a key with a passphrase is refused with what to do, in both forms that there are', { skip }, async () => {
  maker.run('pkey', '-in', good.key, '-aes256', '-passout', 'pass:secret', '-out', 'encrypted.pem');
  maker.run('ec', '-in', good.key, '-aes256', '-passout', 'pass:secret', '-out', 'traditional.pem');
  for (const name of ['encrypted.pem', 'traditional.pem']) {
    const sentence = await sentenceOf(good.certificate, path.join(maker.folder, name));
    assert.match(sentence, /^TLS_KEY .* is protected by a passphrase.*openssl pkey -in KEY -out NEW_KEY/, name);
  }
});

test('a key that is too weak for TLS is refused', { skip }, async () => {
  maker.run('req', '-x509', '-newkey', 'rsa:512', '-nodes', '-keyout', 'weak.key.pem', '-out', 'weak.pem', '-subj', '/CN=weak');
  const at = (name: string) => path.join(maker.folder, name);
  assert.match(await sentenceOf(at('weak.pem'), at('weak.key.pem')), /^TLS_CERT .* cannot be used for TLS: .*key too small/);
});

test('a key that this user may not read is told', {
  skip: skip || (process.getuid?.() === 0 ? 'root may read everything' : false),
}, async () => {
  const hidden = file('hidden.pem', good.keyText);
  chmodSync(hidden, 0);
  assert.match(await sentenceOf(good.certificate, hidden), /cannot be read: the user of this process may not read it/);
});

test('the chain of authorities after the certificate is taken along', { skip }, async () => {
  const chain = file('chain.pem', good.cert + maker.make('authority').cert);
  const { cert } = await readCertificate({ certificate: chain, key: good.key });
  assert.equal(cert, readFileSync(chain, 'utf8'));
});

test('dates that browsers refuse today are told, and are no mistake', { skip }, async () => {
  const read = await readCertificate(good);
  assert.equal(datesMistake(read), undefined);
  const after = new Date(read.validTo.getTime() + 1);
  assert.match(
    datesMistake(read, after) ?? '',
    new RegExp(`^The certificate of TLS_CERT expired on ${read.validTo.toISOString().slice(0, 10)}`),
  );
  assert.match(datesMistake(read, new Date(0)) ?? '', /is not valid before .*: check the clock/);
});
