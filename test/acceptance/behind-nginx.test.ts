import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type CertificateMaker, type MadeCertificate, openCertificateMaker, skipWithoutOpenssl } from '../support/certificates.ts';
import { askSecurely } from '../support/https-client.ts';
import { exchange, parseAnswer } from '../support/raw-http.ts';
import { runChodae } from '../support/run-chodae.ts';
import { type SeededServer, startSeededServer } from '../support/seeded-server.ts';
import { cleanUpAtExit, freePort } from '../support/temporary.ts';

const program = ['/usr/sbin/nginx', '/usr/local/bin/nginx', '/opt/homebrew/bin/nginx'].find((file) => existsSync(file));
const skip = skipWithoutOpenssl || (program ? false : 'needs nginx');

interface Proxy {
  readonly plain: number;
  readonly secure: number;
  stop(): Promise<void>;
}

let maker: CertificateMaker;
let pair: MadeCertificate;
let seeded: SeededServer;
let proxy: Proxy;
before(async () => {
  if (skip) return;
  maker = openCertificateMaker();
  pair = maker.make('proxy');
  const environment = { NODE_ENV: 'production', TRUST_PROXY: 'loopback', PUBLIC_URL: 'https://beta.example' };
  seeded = await startSeededServer({ environment });
  proxy = await startNginx(seeded.url);
});
after(async () => {
  await proxy?.stop();
  await seeded?.[Symbol.asyncDispose]();
  maker?.remove();
});

/** As docs/guides/running.md shows it, on two ports of this machine. */
async function startNginx(upstream: string): Promise<Proxy> {
  const [plain, secure] = [await freePort(), await freePort()];
  const folder = path.join(maker.folder, 'nginx');
  mkdirSync(folder);
  const forward = `
    location / {
      proxy_pass ${upstream};
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
    }`;
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n');
  const file = path.join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${folder}/pid; error_log stderr warn;
events { worker_connections 64; }
http {
  access_log off;
  ${paths}
  server { listen 127.0.0.1:${plain}; ${forward} }
  server { listen 127.0.0.1:${secure} ssl; ssl_certificate ${pair.certificate}; ssl_certificate_key ${pair.key}; ${forward} }
}
`,
  );
  const child = spawn(String(program), ['-c', file, '-p', folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  const forget = cleanUpAtExit(() => child.kill('SIGKILL'));
  const exited = once(child, 'exit').then(forget);
  for (let tries = 0; !(await isOpen(secure)); tries += 1) {
    assert.ok(tries < 500 && child.exitCode === null, 'nginx does not listen');
    await delay(20);
  }
  return {
    plain,
    secure,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.unref().on('connect', () => socket.destroy());
  });
}

const plainly = async (port: number, bytes: string) => parseAnswer(await exchange(port, bytes));
const fields = 'Host: beta.example\r\nConnection: close\r\n';

test('requests that reach the proxy over HTTPS are served, with HSTS, and a whole sign-up works', { skip }, async () => {
  const answer = await askSecurely(`https://localhost:${proxy.secure}/openapi.json`, { ca: pair.cert });
  assert.deepEqual([answer.status, answer.headers['strict-transport-security']], [200, 'max-age=31536000; includeSubDomains']);
  const tried = await runChodae(['try', `https://localhost:${proxy.secure}`], { environment: { NODE_EXTRA_CA_CERTS: pair.certificate } });
  assert.deepEqual([tried.code, tried.stderr], [0, ''], tried.stdout);
});

test('requests that reach the proxy over plain HTTP are redirected or refused, whatever headers the client sends', {
  skip,
}, async () => {
  for (const lie of ['', 'X-Forwarded-Proto: https\r\n', 'Forwarded: proto=https\r\nX-Forwarded-Ssl: on\r\nFront-End-Https: on\r\n']) {
    const get = await plainly(proxy.plain, `GET /docs?a=1 HTTP/1.1\r\n${fields}${lie}\r\n`);
    assert.deepEqual([get.status, get.headers.location], [308, 'https://beta.example/docs?a=1'], lie);
    const evil = await plainly(proxy.plain, `GET //evil.example/%2e%2e HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n${lie}\r\n`);
    assert.match(evil.headers.location ?? '', /^https:\/\/beta\.example\//, lie);
    const body = '{"invitation_code":"TEST002"}';
    const head = `POST /auth/invitation/verify HTTP/1.1\r\n${fields}${lie}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    const post = await plainly(proxy.plain, head + body);
    assert.deepEqual([post.status, JSON.parse(post.body).code], [403, 'https_required'], lie);
    assert.equal(post.headers['strict-transport-security'], undefined);
  }
  const health = await plainly(proxy.plain, `GET /readyz HTTP/1.1\r\n${fields}\r\n`);
  assert.equal(health.status, 200);
});
