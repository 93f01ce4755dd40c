import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { readConfig } from '../../src/config/read-config.ts';
import { openPageFiles } from '../../src/pages/page-files.ts';
import type { PageSettings } from '../../src/pages/schema.ts';
import { describeSteps, steps } from '../../src/registration/steps.ts';
import { openApplication } from '../support/application.ts';
import { builtPages, builtScript, samplePng } from '../support/built-pages.ts';
import { bearer, invite } from '../support/sign-up-scenes.ts';
import { everything } from '../support/stored-rows.ts';

const folder = builtPages();
const logo = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8z"/></svg>\n';
writeFileSync(path.join(folder, 'logo.svg'), logo);
writeFileSync(path.join(folder, 'card.png'), samplePng(800, 400));
const brandName = `모아 </script><b> & "Co" $&`;
const { page } = readConfig({
  BRAND_NAME: brandName,
  BRAND_LOGO: path.join(folder, 'logo.svg'),
  BRAND_COLOR: '#2f6f4f',
  BRAND_IMAGE: path.join(folder, 'card.png'),
  TERMS_URL: 'https://example.com/terms',
  CONTACT_URL: 'mailto:help@example.com',
  APP_URL: 'https://app.example.com/?a=1&b=2',
});
const publicUrl = 'https://signup.example.com';
const application = await openApplication({ page, publicUrl, minimumAge: 14, pages: await openPageFiles(page, folder) });
after(() => application[Symbol.asyncDispose]());
const plain = await openApplication();
after(() => plain[Symbol.asyncDispose]());

const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8' };
const ask = (url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET', { http } = application) =>
  http.inject({ method, url, headers });

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; manifest-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/** What varies, or describes the length and the connection. */
const passing = ['x-request-id', 'etag', 'date', 'content-length', 'connection'];
const fieldsOf = (headers: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !passing.includes(name)));

function settingsIn(html: string): PageSettings {
  return JSON.parse(/<script type="application\/json" id="settings">(.*?)<\/script>/.exec(html)?.[1] ?? 'null');
}

function metasIn(html: string): Record<string, string> {
  const read = (text: string) => text.replace(/&#(\d+);/g, (_whole, code: string) => String.fromCharCode(Number(code)));
  return Object.fromEntries(
    [...html.matchAll(/<meta property="([^"]+)" content="([^"]*)">/g)].map(([, name = '', text = '']) => [name, read(text)]),
  );
}

test('the page has a strict policy, is not indexed, and is asked for again each time', async () => {
  const expected = {
    'cache-control': 'no-cache',
    'content-security-policy': policy,
    'content-type': 'text/html; charset=utf-8',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    vary: 'Accept-Language, Accept-Encoding',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'x-robots-tag': 'noindex',
  };
  for (const url of ['/join', '/join?utm_source=mail', '/join%23SPRING-7KQ9X']) {
    for (const method of ['GET', 'HEAD'] as const) {
      const { statusCode, headers, payload } = await ask(url, browser, method);
      assert.deepEqual([statusCode, fieldsOf(headers)], [200, expected], `${method} ${url}`);
      assert.equal(payload === '', method === 'HEAD');
    }
  }
  const { headers, payload } = await ask('/join');
  assert.doesNotMatch(payload, /<style|\sstyle=|\son\w+=|<script(?![^>]*(?:src="\/assets\/|type="application\/json"))/);
  const again = await ask('/join', { 'if-none-match': String(headers.etag) });
  assert.deepEqual([again.statusCode, again.payload], [304, '']);
  const english = await ask('/join', { 'accept-language': 'en', 'if-none-match': String(headers.etag) });
  assert.equal(english.statusCode, 200, 'the other language has another ETag');
});

test('the page brings its settings in the language of the browser', async () => {
  for (const language of ['ko', 'en'] as const) {
    const { payload } = await ask('/join', { 'accept-language': language });
    assert.match(payload, new RegExp(`<html lang="${language}">`));
    assert.deepEqual(settingsIn(payload), {
      brand: { name: brandName, logo: '/brand/logo.svg', color: '#2F6F4F' },
      links: { terms: 'https://example.com/terms', privacy: null, contact: 'mailto:help@example.com' },
      appUrl: 'https://app.example.com/?a=1&b=2',
      timeZone: 'Asia/Seoul',
      minimumAge: 14,
      language,
      steps: describeSteps(application.services.registration.rules),
      preview: false,
    });
  }
});

test('a brand name is text wherever it is written', async () => {
  const { payload } = await ask('/join');
  assert.equal(payload.match(/<\/script>/g)?.length, 2);
  assert.ok(!payload.includes('<b>'));
  assert.match(payload, /<title>모아 &#60;\/script&#62;&#60;b&#62; &#38; &#34;Co&#34; \$&#38; 초대장이 도착했어요<\/title>/);
});

test('every step has a screen: an input with words in both languages for each member of its body', () => {
  const described = describeSteps(application.services.registration.rules);
  assert.deepEqual(
    described.map(({ name, path: address }) => [name, address]),
    steps.map(({ name }) => [name, `/auth/register/${name}`]),
  );
  for (const [index, step] of steps.entries()) {
    const { title, fields } = described[index] ?? assert.fail();
    assert.deepEqual(
      fields.map(({ name }) => name),
      Object.keys(step.body),
    );
    for (const { ko, en } of [title, ...fields.flatMap(({ label, hint }) => [label, ...(hint ? [hint] : [])])]) {
      assert.match(ko, /[가-힣]/);
      assert.doesNotMatch(en, /[가-힣]/);
      assert.doesNotMatch(ko + en, /[{}]|undefined/);
    }
  }
  const hints = JSON.stringify(described);
  assert.match(hints, /만 14세부터/);
  assert.match(hints, /At least 8 characters/);
});

const agents = {
  KakaoTalk: 'facebookexternalhit/1.1;kakaotalk-scrap/1.0; +https://devtalk.kakao.com/t/scrap/33984',
  Facebook: 'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
  Slack: 'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
  Telegram: 'TelegramBot (like TwitterBot)',
  Outlook: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36 SafeLinks',
};

test('link previews, prefetching and HEAD get the card and write nothing', async () => {
  const code = await invite(application, { max_uses: '2' });
  const before = await everything(application);
  const requests: readonly Record<string, string>[] = [
    ...Object.values(agents).map((agent) => ({ 'user-agent': agent, accept: '*/*' })),
    { ...browser, 'sec-purpose': 'prefetch;prerender', purpose: 'prefetch' },
  ];
  for (const headers of requests) {
    for (const url of ['/join', `/join%23${code}`]) {
      assert.equal((await ask(url, headers, 'HEAD')).statusCode, 200);
      const { statusCode, payload } = await ask(url, headers);
      assert.equal(statusCode, 200);
      assert.deepEqual(metasIn(payload), {
        'og:type': 'website',
        'og:title': `${brandName} 초대장이 도착했어요`,
        'og:description': '링크를 열고 가입을 시작하세요.',
        'og:locale': 'ko_KR',
        'og:site_name': brandName,
        'og:url': `${publicUrl}/join`,
        'og:image': `${publicUrl}/brand/card.png`,
        'og:image:type': 'image/png',
        'og:image:width': '800',
        'og:image:height': '400',
      });
      assert.ok(!payload.includes(code));
    }
  }
  const image = await ask('/brand/card.png', { 'user-agent': agents.KakaoTalk });
  assert.deepEqual([image.statusCode, image.headers['content-type']], [200, 'image/png']);
  assert.deepEqual(image.rawPayload, samplePng(800, 400));
  assert.deepEqual(await everything(application), before);
});

test('a code in a path reaches no log, and neither does anything else that a person enters', async () => {
  const code = await invite(application);
  const typed = ['%EC%B4%88%EB%8C%80', `${code}?utm=${code}`, `${code}/${code}`, `${code}%2f..%2f`, 'x'.repeat(900)];
  for (const text of [code, ...typed])
    assert.equal((await ask(`/join%23${text}`, { ...browser, referer: `https://x.example/${code}` })).statusCode, 200);
  const { sessionId = '', person } = await application.signUp(code);
  await application.send('GET', '/auth/register/session', undefined, bearer(sessionId));
  const lines = application.logged.join('\n');
  for (const canary of [code, '초대', '%EC%B4', 'xxxx', sessionId, person.name, person.phone, person.password]) {
    assert.ok(!lines.includes(canary), canary);
  }
  const routes = application.logged.map((line) => JSON.parse(line).route);
  assert.ok(routes.includes('/join*'));
});

test('only %23 makes another address of the page', async () => {
  for (const url of ['/joinx', '/join2', '/join%2523X', '/join%00', '/join%20', '/join;x', '/JOIN', '/join/x', '/join%2f']) {
    assert.equal((await ask(url)).statusCode, 404, url);
  }
  const slash = await ask('/join/?utm_source=mail');
  assert.deepEqual([slash.statusCode, slash.headers.location], [302, '../join?utm_source=mail']);
});

test('assets are compressed ahead and kept for a year', async () => {
  const expected = [
    ['gzip, deflate, br, zstd', 'br', (bytes: Buffer) => brotliDecompressSync(bytes)],
    ['gzip, deflate', 'gzip', (bytes: Buffer) => gunzipSync(bytes)],
    ['br;q=0, gzip', 'gzip', (bytes: Buffer) => gunzipSync(bytes)],
    ['identity', undefined, (bytes: Buffer) => bytes],
    ['', undefined, (bytes: Buffer) => bytes],
  ] as const;
  const tags = new Set();
  for (const [accepted, coding, unpack] of expected) {
    const { statusCode, headers, rawPayload } = await ask('/assets/signup-4f2a.js', { 'accept-encoding': accepted });
    assert.deepEqual([statusCode, headers['content-encoding'], headers.vary], [200, coding, 'Accept-Encoding'], accepted);
    assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.equal(headers['content-type'], 'text/javascript; charset=utf-8');
    assert.equal(unpack(rawPayload).toString(), builtScript);
    tags.add(headers.etag);
  }
  assert.equal(tags.size, 3);
  const css = await ask('/assets/signup-9c1b.css', { 'accept-encoding': 'br, gzip' });
  assert.deepEqual([css.headers['content-type'], css.headers['content-encoding']], ['text/css; charset=utf-8', undefined]);
});

test('a logo that is opened by itself runs and loads nothing', async () => {
  const { statusCode, headers, payload } = await ask('/brand/logo.svg');
  assert.deepEqual([statusCode, headers['content-type'], payload], [200, 'image/svg+xml', logo]);
  assert.match(String(headers['content-security-policy']), /default-src 'none'.*sandbox/);
});

test('no address leads out of the folder of assets', async () => {
  for (const name of [
    '/assets/',
    '/assets/notes.txt',
    '/assets/signup-4f2a.js.br',
    '/assets/signup-4f2a.js/',
    '/assets/signup-4f2a.js%00',
    '/assets/.%2e/secret.json',
    '/assets/%2e%2e/secret.json',
    '/assets/..%2fsecret.json',
    '/assets/..%5csecret.json',
    '/assets//signup-4f2a.js',
    '/assets/__proto__',
    '/assets/constructor',
    '/brand/',
    '/brand/logo.png',
    '/signup/index.html',
    '/secret.json',
  ]) {
    const { statusCode, payload } = await ask(name);
    assert.deepEqual([statusCode, JSON.parse(payload).code], [404, 'not_found'], name);
  }
});

test('without the built pages a plain sentence is shown', async () => {
  for (const [language, sentence] of [
    ['ko', /가입 화면이 아직 없어요/],
    ['en', /There is no sign-up page yet/],
  ] as const) {
    const { statusCode, headers, payload } = await ask('/join', { ...browser, 'accept-language': language }, 'GET', plain);
    assert.deepEqual([statusCode, headers['content-type']], [404, 'text/html; charset=utf-8']);
    assert.match(payload, sentence);
  }
});

test('without a brand, the page names none', async () => {
  const bare = await openApplication({ pages: await openPageFiles(readConfig({}).page, folder) });
  const { payload } = await ask('/join', { 'accept-language': 'en' }, 'GET', bare);
  await bare[Symbol.asyncDispose]();
  assert.match(payload, /<title>You&#39;re invited<\/title>/);
  assert.deepEqual(Object.keys(metasIn(payload)), ['og:type', 'og:title', 'og:description', 'og:locale']);
  assert.deepEqual(settingsIn(payload).brand, { name: null, logo: null, color: null });
});

test('/ leads a browser to the page and a program to the API document', async () => {
  for (const [headers, location] of [
    [browser, 'join'],
    [{ accept: 'text/html' }, 'join'],
    [{}, 'docs'],
    [{ accept: '*/*' }, 'docs'],
    [{ accept: 'application/json, text/html;q=0.1' }, 'docs'],
    [{ accept: `text/html${', a/b'.repeat(400)}` }, 'docs'],
  ] as const) {
    const answer = await ask('/', headers);
    assert.deepEqual([answer.statusCode, answer.headers.location], [302, location], JSON.stringify(headers));
  }
});

test('an unknown address is a page for a browser and a problem for a program', async () => {
  const canary = 'kan4rie';
  for (const [language, sentence] of [
    ['ko', /없는 주소예요/],
    ['en', /There is nothing here/],
  ] as const) {
    const { statusCode, headers, payload } = await ask(`/${canary}?${canary}`, { ...browser, 'accept-language': language });
    assert.deepEqual([statusCode, headers['content-type'], headers['content-language']], [404, 'text/html; charset=utf-8', language]);
    assert.match(payload, sentence);
    assert.ok(!payload.includes(canary));
    assert.match(
      String(headers['content-security-policy']),
      /^default-src 'none'; style-src 'sha256-[^']+'; img-src data:; frame-ancestors 'none'; base-uri 'none'/,
    );
  }
  const line = JSON.parse(application.logged.at(-1) ?? '{}');
  assert.deepEqual([line.status, line.code, line.route], [404, 'not_found', null]);
  assert.equal((await ask(`/${canary}`, browser, 'HEAD')).headers['content-type'], 'text/html; charset=utf-8');
  for (const [method, headers] of [
    ['GET', {}],
    ['GET', { accept: 'application/json' }],
    ['POST', browser],
  ] as const) {
    const { statusCode, payload } = await application.http.inject({ method, url: '/nowhere', headers });
    assert.deepEqual([statusCode, JSON.parse(payload).code], [404, 'not_found']);
  }
});

test('an operator looks at the page by a signed link, and nothing is written', async () => {
  const before = await everything(application);
  const make = (key: string) => application.send('POST', '/admin/preview-links', undefined, bearer(key));
  const { status, body } = await make(application.services.localKey);
  assert.equal(status, 200);
  assert.equal(body.link, publicUrl + body.path);
  const shown = await ask(String(body.path), { ...browser, 'accept-language': 'en' });
  assert.deepEqual([shown.statusCode, shown.headers['cache-control'], shown.headers['content-security-policy']], [200, 'no-store', policy]);
  assert.deepEqual([settingsIn(shown.payload).preview, settingsIn(shown.payload).language], [true, 'en']);
  assert.equal((await make('wrong')).status, 401);
  const token = String(body.path).split('=')[1] ?? '';
  const wrong = [
    '',
    'x',
    token.slice(0, -2),
    `9${token}`,
    token.replace('.', '.A'),
    `${token}&preview=${token}`,
    '99999999999.'.padEnd(55, 'A'),
  ];
  for (const text of wrong) {
    const answer = await ask(`/join?preview=${text}`, browser);
    assert.equal(answer.statusCode, 410, text);
    assert.ok(!answer.payload.includes('id="settings"'));
  }
  assert.ok(!application.logged.join('\n').includes(token));
  assert.deepEqual(await everything(application), before);
});
