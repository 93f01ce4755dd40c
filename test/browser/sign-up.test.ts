import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { findChromium, requireChromium } from '../support/chromium.ts';
import { openSignUpPage, type SignUpPage } from '../support/sign-up-page.ts';

let site: SignUpPage | undefined;
before(async () => {
  if (findChromium()) site = await openSignUpPage();
});
after(async () => await site?.[Symbol.asyncDispose]());

/** A page in a window of its own, an invitation of its own, and what the database holds about it. */
async function begin(context: TestContext, options: Parameters<SignUpPage['openWindow']>[0] = {}) {
  if (!requireChromium(context) || !site) return undefined;
  const opened = site;
  const code = `CODE${Math.random()
    .toString(36)
    .slice(2, 10)
    .toUpperCase()
    .replace(/[OIL01]/g, 'X')}`;
  const { query } = opened.application;
  await query('INSERT INTO "Invitation" (code, is_used) VALUES ($1, false)', [code]);
  const window = await opened.openWindow(options);
  context.after(() => window.close());
  const users = () =>
    query('SELECT u.name, u.birthday, u.phone FROM "User" u JOIN "Invitation" i ON i.id = u."invitationId" WHERE i.code = $1', [code]);
  return { site: opened, window, code, users, page: await window.newPage(), link: `${opened.origin}/join#${code}` };
}

const person = { name: '김하늘', birthday: '1990-04-27' };
const newPhone = () => `010${String(Math.floor(Math.random() * 1e8)).padStart(8, '0')}`;

async function fillName(page: Page): Promise<void> {
  await page.fill('[name=name]', person.name);
  await page.fill('[name=password]', 'a quiet winter train');
  await page.click('form .button');
  await page.waitForSelector('[name=birthday]');
}

async function fillBirthday(page: Page): Promise<void> {
  await page.fill('[name=birthday]', '19900427');
  await page.click('form .button');
  await page.waitForSelector('[name=phone]');
}

/** To the last step. */
async function reachPhone(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.click('text=시작하기');
  await fillName(page);
  await fillBirthday(page);
}

const heading = (page: Page) => page.locator('h1').innerText();
const stored = (page: Page) => page.evaluate('JSON.stringify([localStorage, sessionStorage])') as Promise<string>;
const focusedName = (page: Page) => page.evaluate('document.activeElement.name || document.activeElement.textContent') as Promise<string>;

test('a person signs up by touch on a small screen, and nothing of them stays on the device', async (context) => {
  const start = await begin(context, { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true });
  if (!start) return;
  const { page, link, code, users } = start;
  await page.goto(link);
  assert.equal(await heading(page), '모아 초대장이 도착했어요');
  assert.deepEqual(start.site.requests.length, 0, 'nothing is sent before the first tap');
  await page.tap('text=시작하기');
  await page.waitForSelector('[name=name]');
  assert.equal(await page.title(), '2/4 이름과 비밀번호를 정해 주세요 · 모아');
  await page.fill('[name=name]', person.name);
  await page.fill('[name=password]', 'a quiet winter train');
  await page.tap('form .button');
  await page.waitForSelector('[name=birthday]');
  await page.fill('[name=birthday]', '1990년 4월 27일');
  assert.match(await page.locator('.status').innerText(), /^1990년 4월 27일 \(만 \d+세\)/);
  await page.tap('form .button');
  await page.waitForSelector('[name=phone]');
  const phone = newPhone();
  await page.locator('[name=phone]').pressSequentially(phone);
  assert.equal(await page.inputValue('[name=phone]'), phone.replace(/(...)(....)(....)/, '$1-$2-$3'));
  const kept = await stored(page);
  for (const secret of [code, person.name, 'a quiet winter train']) assert.ok(!kept.includes(secret), `${secret} is stored on the device`);
  await page.tap('form .button');
  await page.waitForSelector('.letter');
  assert.equal(await page.locator('.lede').innerText(), '김하늘님, 반가워요');
  await page.waitForURL(`${start.site.origin}/join`);
  assert.equal(await stored(page), '[{},{}]');
  assert.deepEqual(await users(), [{ ...person, phone: phone.replace(/(...)(....)(....)/, '$1-$2-$3') }]);
});

test('a person signs up by keyboard alone, each Enter sends once, and the focus is where it is needed', async (context) => {
  const start = await begin(context);
  if (!start) return;
  const { page, link, users, site: opened } = start;
  await page.goto(link);
  await page.waitForSelector('h1');
  const before = opened.requests.length;
  const order: string[] = [];
  for (let at = 0; at < 3; at += 1) {
    await page.keyboard.press('Tab');
    order.push(await focusedName(page));
  }
  assert.deepEqual(order, ['English', '다른 코드 입력', '시작하기']);
  await page.keyboard.press('Enter');
  await page.waitForSelector('[name=name]');
  assert.equal(await focusedName(page), 'name');
  await page.keyboard.type('Kim');
  await page.keyboard.press('Tab');
  await page.keyboard.type('a quiet winter train');
  await page.keyboard.press('Tab');
  assert.equal(await focusedName(page), '보기');
  await page.keyboard.press('Enter');
  assert.equal(await page.getAttribute('[name=password]', 'type'), 'text');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[name=birthday]');
  assert.equal(await focusedName(page), 'birthday');
  await page.keyboard.type('19900427');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[name=phone]');
  await page.keyboard.type(newPhone());
  await page.keyboard.press('Enter');
  await page.waitForSelector('.letter');
  assert.equal(await focusedName(page), '가입이 끝났어요');
  assert.deepEqual(opened.requests.slice(before), [
    'POST /auth/invitation/verify',
    'PUT /auth/register/name',
    'PUT /auth/register/birthday',
    'PUT /auth/register/phone',
  ]);
  assert.equal((await users()).length, 1);
});

test('Enter while Hangul is composed sends the whole name, once', async (context) => {
  const start = await begin(context);
  if (!start) return;
  const { page, link, window, site: opened, users } = start;
  await page.goto(link);
  await page.click('text=시작하기');
  await page.waitForSelector('[name=name]');
  await page.fill('[name=password]', 'a quiet winter train');
  await page.focus('[name=name]');
  const before = opened.requests.length;
  const keyboard = await window.newCDPSession(page);
  for (const text of ['ㅎ', '하', '한'])
    await keyboard.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
  await page.keyboard.press('Enter');
  await page.waitForSelector('[name=birthday]');
  assert.deepEqual(opened.requests.slice(before), ['PUT /auth/register/name']);
  await fillBirthday(page);
  await page.fill('[name=phone]', newPhone());
  await page.click('form .button');
  await page.waitForSelector('.letter');
  assert.equal((await users())[0]?.name, '한');
});

test('a reload goes on where it was, with what was typed; a new tab asks first', async (context) => {
  const start = await begin(context);
  if (!start) return;
  const { page, link, window, users } = start;
  await page.goto(link);
  await page.click('text=시작하기');
  await fillName(page);
  await page.fill('[name=birthday]', '19900427');
  await page.reload();
  await page.waitForSelector('[name=birthday]');
  assert.equal(await page.inputValue('[name=birthday]'), '19900427');
  await page.close();
  const next = await window.newPage();
  await next.goto(link);
  await next.waitForSelector('.mini');
  assert.equal(await heading(next), '하던 가입이 있어요');
  assert.match(await next.locator('.lede').innerText(), /^\d\d:\d\d까지 이어서 할 수 있어요/);
  await next.click('.button >> text=이어서 하기');
  await next.waitForSelector('[name=birthday]');
  await fillBirthday(next);
  await next.fill('[name=phone]', newPhone());
  await next.click('form .button');
  await next.waitForSelector('.letter');
  assert.equal((await users()).length, 1);
});

test('another link while a sign-up is under way: the link wins, after a question', async (context) => {
  const start = await begin(context);
  const other = await begin(context);
  if (!start || !other) return;
  const { page, link, window, site: opened } = start;
  await page.goto(link);
  await page.click('text=시작하기');
  await fillName(page);
  const next = await window.newPage();
  await next.goto(other.link);
  await next.waitForSelector('.mini');
  assert.equal(await heading(next), '다른 초대로 하던 가입이 있어요');
  const before = opened.requests.length;
  await next.click('.button >> text=새 초대로 시작');
  await next.waitForSelector('[name=name]');
  assert.deepEqual(opened.requests.slice(before), ['DELETE /auth/register/session', 'POST /auth/invitation/verify']);
});

test('the sign-up under way can be kept, and the other code leaves the address', async (context) => {
  const start = await begin(context);
  const other = await begin(context);
  if (!start || !other) return;
  await start.page.goto(start.link);
  await start.page.click('text=시작하기');
  await fillName(start.page);
  const next = await start.window.newPage();
  await next.goto(other.link);
  await next.click('.button >> text=하던 가입 계속');
  await next.waitForSelector('[name=birthday]');
  assert.equal(next.url(), `${start.site.origin}/join`);
});

test('links that messengers change, and messages pasted whole, give the code', async (context) => {
  const start = await begin(context);
  if (!start) return;
  const { page, site: opened, code } = start;
  for (const address of [`/join%23${code}`, `/join?utm_source=chat#${code}`, `/join#%20${code.toLowerCase()}%20`]) {
    await page.goto(opened.origin + address);
    await page.waitForSelector('.env');
    assert.equal((await page.locator('.env-code .code').innerText()).toUpperCase(), code);
    assert.match(page.url(), /\/join(\?utm_source=chat)?#/);
  }
  await page.goto(`${opened.origin}/join#%E3`);
  await page.waitForSelector('.env');
  await page.goto('about:blank');
  await page.goto(`${opened.origin}/join`);
  await page.fill('[name=code]', `[모아] 초대합니다! ${opened.origin}/join#${code} 에서 가입하세요`);
  await page.keyboard.press('Enter');
  await page.waitForSelector('[name=name]');
  assert.equal(page.url(), `${opened.origin}/join#${code}`);
});

test('back goes one step back and loses nothing; after the end it leads nowhere', async (context) => {
  const start = await begin(context);
  if (!start) return;
  const { page, link, users } = start;
  await reachPhone(page, link);
  await page.click('.bar-back');
  await page.waitForSelector('[name=birthday]');
  assert.equal(await page.inputValue('[name=birthday]'), '19900427');
  await page.goBack();
  await page.waitForSelector('[name=name]');
  assert.equal(await page.inputValue('[name=name]'), person.name);
  await page.goForward();
  await page.waitForSelector('[name=birthday]');
  await page.goForward();
  await page.fill('[name=phone]', newPhone());
  await page.click('form .button');
  await page.waitForSelector('.letter');
  await page.waitForURL(/join$/);
  await page.goBack();
  assert.equal(await heading(page), '가입이 끝났어요');
  assert.match(page.url(), /join$/, 'the code is not in the history any more');
  assert.equal((await users()).length, 1);
});

test('three tabs of one sign-up: the others find it completed', async (context) => {
  const start = await begin(context);
  if (!start) return;
  const { page, link, window, users } = start;
  await reachPhone(page, link);
  const second = await window.newPage();
  await second.goto(link);
  await second.click('.button >> text=이어서 하기');
  await second.waitForSelector('[name=phone]');
  const third = await window.newPage();
  await third.goto(link);
  await third.waitForSelector('.button >> text=이어서 하기');
  await page.fill('[name=phone]', newPhone());
  await page.click('form .button');
  await page.waitForSelector('.letter');
  await second.fill('[name=phone]', newPhone());
  await second.click('form .button');
  await second.waitForSelector('.mini');
  assert.equal(await heading(second), '가입은 이미 끝났어요');
  await third.click('.button >> text=이어서 하기');
  await third.waitForSelector('.mini');
  assert.equal(await heading(third), '가입은 이미 끝났어요');
  assert.equal((await users()).length, 1);
});

test('the answer of the last step is lost: it is asked for again, and there is one user', async (context) => {
  const start = await begin(context);
  if (!start) return;
  const { page, link, users } = start;
  await reachPhone(page, link);
  let lost = 0;
  await page.route('**/auth/register/phone', async (route) => {
    if (lost > 0) return await route.continue();
    lost += 1;
    await route.fetch();
    await route.abort('connectionreset');
  });
  await page.fill('[name=phone]', newPhone());
  await page.click('form .button');
  await page.waitForSelector('text=가입이 됐는지 확인하고 있어요');
  assert.equal(await page.getAttribute('[name=phone]', 'readonly'), '');
  await page.waitForSelector('.letter');
  assert.equal(lost, 1);
  assert.equal((await users()).length, 1);
});

test('offline in the middle of the last step and back: it goes on by itself, and there is one user', async (context) => {
  const start = await begin(context);
  if (!start) return;
  const { page, link, window, users } = start;
  await reachPhone(page, link);
  await window.setOffline(true);
  await page.fill('[name=phone]', newPhone());
  await page.click('form .button');
  await page.waitForSelector('text=인터넷에 연결되어 있지 않아요');
  await window.setOffline(false);
  await page.waitForSelector('.letter');
  assert.equal((await users()).length, 1);
});

test('the language changes in place, keeps what is typed, and is remembered', async (context) => {
  const start = await begin(context);
  if (!start) return;
  const { page, link } = start;
  await page.goto(link);
  await page.click('text=시작하기');
  await page.fill('[name=name]', person.name);
  await page.click('.bar-lang');
  assert.equal(await heading(page), 'Your name and a password');
  assert.equal(await page.getAttribute('html', 'lang'), 'en');
  assert.equal(await page.inputValue('[name=name]'), person.name);
  const [request] = await Promise.all([page.waitForRequest('**/auth/register/name'), page.click('form .button')]);
  assert.equal(request.headers()['accept-language'], 'en');
  await page.waitForSelector('[aria-invalid]');
  assert.match(await page.locator('.error').innerText(), /Use at least 8 characters/);
  await page.reload();
  await page.waitForSelector('[name=name]');
  assert.equal(await heading(page), 'Your name and a password');
});

test('a browser that refuses storage signs up as well', async (context) => {
  const start = await begin(context);
  if (!start) return;
  const { page, link, window, users } = start;
  await blockStorage(window);
  await reachPhone(page, link);
  await page.fill('[name=phone]', newPhone());
  await page.click('form .button');
  await page.waitForSelector('.letter');
  assert.equal((await users()).length, 1);
});

async function blockStorage(window: BrowserContext): Promise<void> {
  await window.addInitScript({
    content:
      "for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get() { throw new DOMException('blocked', 'SecurityError'); } })",
  });
}
