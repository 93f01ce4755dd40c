import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import type { Page } from 'playwright-core';
import { findChromium, requireChromium } from '../support/chromium.ts';
import { openSignUpPage, type SignUpPage } from '../support/sign-up-page.ts';

let site: SignUpPage | undefined;
before(async () => {
  if (findChromium())
    site = await openSignUpPage({ minimumAge: 14, appUrl: 'https://moa.example/' }, { minimumAge: 14, phoneUnique: true });
});
after(async () => await site?.[Symbol.asyncDispose]());

let made = 0;

/** Opens the link of an invitation with these columns. */
async function open(context: TestContext, columns: Readonly<Record<string, string>> = {}) {
  if (!requireChromium(context) || !site) return undefined;
  const opened = site;
  made += 1;
  const code = `R${made}`;
  const names = Object.keys(columns).map((name) => `, ${name}`);
  await opened.application.query(
    `INSERT INTO "Invitation" (code${names.join('')}) VALUES ('${code}'${Object.values(columns)
      .map((value) => `, ${value}`)
      .join('')})`,
  );
  const window = await opened.openWindow();
  context.after(() => window.close());
  const page = await window.newPage();
  await page.goto(`${opened.origin}/join#${code}`);
  return { site: opened, window, page, code, query: opened.application.query };
}

const tapStart = (page: Page) => page.click('text=시작하기');

/** What a refusal's screen says. */
async function refusal(page: Page) {
  await page.waitForSelector('.mini');
  return { title: await page.locator('h1').innerText(), actions: await page.locator('.actions > *').allInnerTexts() };
}

async function fillName(page: Page): Promise<void> {
  await page.fill('[name=name]', '김하늘');
  await page.fill('[name=password]', 'a quiet winter train');
  await page.click('form .button');
  await page.waitForSelector('[name=birthday]');
}

async function reachPhone(page: Page): Promise<void> {
  await tapStart(page);
  await fillName(page);
  await page.fill('[name=birthday]', '19900427');
  await page.click('form .button');
  await page.waitForSelector('[name=phone]');
}

const past = "now() - interval '1 day'";

for (const [state, columns, title, actions] of [
  ['used', { is_used: 'true' }, '이미 사용된 초대예요', ['모아로 가기', '다른 코드 입력']],
  ['expired', { expires_at: past }, '기간이 지난 초대예요', ['다른 코드 입력']],
  ['withdrawn', { revoked_at: past }, '취소된 초대예요', ['다른 코드 입력']],
] as const) {
  test(`an invitation that is ${state} has a screen that says what to do`, async (context) => {
    const opened = await open(context, columns);
    if (!opened) return;
    await tapStart(opened.page);
    assert.deepEqual(await refusal(opened.page), { title, actions });
    assert.equal(await opened.page.evaluate('document.activeElement.tagName'), 'H1');
  });
}

test('an invitation that has not started counts down, and opens at its time without a request', async (context) => {
  const opened = await open(context, { starts_at: "now() + interval '3 seconds'" });
  if (!opened) return;
  const { page, site: served } = opened;
  await tapStart(page);
  const shown = await refusal(page);
  assert.match(shown.title, /^\d+월 \d+일\(.\) 오[전후] \d+시( \d+분)?에 열려요$/);
  const before = served.requests.length;
  await page.waitForSelector('.actions .button:not(.wait)');
  assert.equal(served.requests.length, before);
  await page.click('.actions .button');
  await page.waitForSelector('[name=name]');
});

test('a full invitation says when a seat may be free, and can be looked at again', async (context) => {
  const opened = await open(context, { max_uses: '2', use_count: '1' });
  if (!opened) return;
  const { page, code, site: served, query } = opened;
  const held = await served.application.verify(code);
  await tapStart(page);
  assert.deepEqual(await refusal(page), { title: '지금은 자리가 꽉 찼어요', actions: ['다시 확인', '다른 코드 입력'] });
  assert.match(await page.locator('.clock dd').innerText(), /^0[45]:\d\d$/);
  await query('DELETE FROM "RegisterSession" WHERE "sessionId" = $1', [held.body.sessionId]);
  await page.click('.button >> text=다시 확인');
  await page.waitForSelector('[name=name]');
});

test('a wrong code is told at the field, with the focus there', async (context) => {
  const opened = await open(context);
  if (!opened) return;
  const { page } = opened;
  await page.click('text=다른 코드 입력');
  await page.fill('[name=code]', 'NO-SUCH-CODE');
  await page.click('form .button');
  await page.waitForSelector('[aria-invalid]');
  assert.match(await page.locator('.error').innerText(), /이 코드의 초대를 찾지 못했어요/);
  assert.equal(await page.evaluate('document.activeElement.name'), 'code');
  assert.equal(await page.title(), '오류: 1/4 초대 코드를 입력해 주세요 · 모아');
  await page.fill('[name=code]', 'SPRING-7KQ9X-M4TP2-RV3H6');
  await page.click('form .button');
  await page.waitForSelector('text=한 글자가 다른 것 같아요');
  await page.fill('[name=code]', '');
  await page.click('form .button');
  await page.waitForSelector('.error >> text=초대 코드를 입력해 주세요');
});

test('two wrong fields: both say what, one line says how many, the focus is in the first', async (context) => {
  const opened = await open(context);
  if (!opened) return;
  const { page } = opened;
  await tapStart(page);
  await page.fill('[name=password]', 'short');
  await page.click('form .button');
  await page.waitForSelector('[aria-invalid]');
  assert.deepEqual(await page.locator('.error .s').allInnerTexts(), ['이름을 입력해 주세요', '8자 이상으로 정해 주세요']);
  assert.equal(await page.locator('[role=alert]').innerText(), '고칠 곳이 2군데 있어요');
  assert.equal(await page.evaluate('document.activeElement.name'), 'name');
});

test('a person below the minimum age is told so on a screen, and their data is deleted', async (context) => {
  const opened = await open(context);
  if (!opened) return;
  const { page, query, code } = opened;
  await tapStart(page);
  await fillName(page);
  await page.fill('[name=birthday]', `${new Date().getFullYear() - 10}0101`);
  await page.click('form .button');
  assert.equal((await refusal(page)).title, '만 14세부터 가입할 수 있어요');
  assert.equal(await page.evaluate('localStorage.length + sessionStorage.length'), 0);
  const rows = await query(
    'SELECT 1 FROM "RegisterSession" s JOIN "Invitation" i ON i.id = s."invitationId" WHERE i.code = $1 AND s.name IS NOT NULL',
    [code],
  );
  assert.deepEqual(rows, []);
});

test('an invitation for another phone number is told at the field', async (context) => {
  const opened = await open(context, { phone: "'+821099991234'" });
  if (!opened) return;
  const { page } = opened;
  await reachPhone(page);
  await page.fill('[name=phone]', '010-2734-5180');
  await page.click('form .button');
  await page.waitForSelector('text=이 초대는 다른 번호로 보낸 거예요');
  await page.fill('[name=phone]', '010-9999-1234');
  await page.click('form .button');
  await page.waitForSelector('.letter');
});

test('another person took the seat meanwhile: the first one is told that they are not signed up', async (context) => {
  const opened = await open(context);
  if (!opened) return;
  const { page, site: served, code } = opened;
  await reachPhone(page);
  assert.ok((await served.application.signUp(code)).userId);
  await page.fill('[name=phone]', '010-2734-5180');
  await page.click('form .button');
  assert.deepEqual(await refusal(page), { title: '그 사이 다른 분이 이 초대를 썼어요', actions: ['다른 코드 입력'] });
});

test('an expired sign-up keeps its code, and starts again from there', async (context) => {
  const opened = await open(context);
  if (!opened) return;
  const { page, query, code } = opened;
  await reachPhone(page);
  await query(`UPDATE "RegisterSession" s SET expires_at = ${past} FROM "Invitation" i WHERE i.id = s."invitationId" AND i.code = $1`, [
    code,
  ]);
  await page.fill('[name=phone]', '010-2734-5180');
  await page.click('form .button');
  assert.deepEqual(await refusal(page), { title: '시간이 지나 처음부터 다시 해야 해요', actions: ['다시 시작'] });
  assert.equal(await page.locator('.slip').innerText(), code);
  await page.click('text=다시 시작');
  await page.waitForSelector('[name=name]');
});

/** Answers the first requests for a path in place of the server. */
async function answerFirst(
  page: Page,
  path: string,
  ...answers: readonly { status: number; code?: string; body?: string; seconds?: number }[]
): Promise<() => number> {
  let count = 0;
  await page.route(`**${path}`, async (route) => {
    const answer = answers[count];
    count += 1;
    if (!answer) return await route.continue();
    const headers: Record<string, string> = { 'content-type': 'application/problem+json', 'x-request-id': '7f3a91c2' };
    if (answer.seconds) headers['retry-after'] = String(answer.seconds);
    await route.fulfill({ status: answer.status, headers, body: answer.body ?? JSON.stringify({ code: answer.code }) });
  });
  return () => count;
}

test('too many tries: seconds are counted down, then the button is back, and nothing was sent meanwhile', async (context) => {
  const opened = await open(context);
  if (!opened) return;
  const { page } = opened;
  const count = await answerFirst(page, '/verify', { status: 429, code: 'rate_limited', seconds: 1 });
  await tapStart(page);
  await page.waitForSelector('text=초 뒤에 다시 할 수 있어요');
  await page.dispatchEvent('.actions .button', 'click');
  await page.waitForSelector('.actions .button:not(.wait)');
  assert.equal(count(), 1);
  await tapStart(page);
  await page.waitForSelector('[name=name]');
});

test('overload, a database that is away and a proxy without a server: the step is sent again by itself', async (context) => {
  const opened = await open(context);
  if (!opened) return;
  const { page } = opened;
  await tapStart(page);
  const count = await answerFirst(
    page,
    '/register/name',
    { status: 503, code: 'overloaded', seconds: 1 },
    { status: 503, code: 'database_unavailable', seconds: 1 },
    { status: 502, body: '<h1>Bad Gateway</h1>' },
  );
  await page.fill('[name=name]', '김하늘');
  await page.fill('[name=password]', 'a quiet winter train');
  await page.click('form .button');
  await page.waitForSelector('text=지금 가입하는 분이 많아요');
  await page.waitForSelector('text=서버가 잠시 쉬고 있어요');
  await page.waitForSelector('[name=birthday]');
  assert.equal(count(), 4);
});

test('a lost answer to the code is not repeated by the page, because each may hold a seat', async (context) => {
  const opened = await open(context);
  if (!opened) return;
  const { page, site: served } = opened;
  let lost = 0;
  await page.route('**/verify', async (route) => {
    lost += 1;
    if (lost > 1) return await route.continue();
    await route.fetch();
    await route.abort('connectionreset');
  });
  const before = served.requests.length;
  await tapStart(page);
  await page.waitForSelector('text=다시 시도해 주세요');
  assert.deepEqual(served.requests.slice(before), ['POST /auth/invitation/verify']);
  await page.click('.actions .button >> text=다시 시도');
  await page.waitForSelector('[name=name]');
  assert.equal(lost, 2);
});

test('a sign-up that is about to expire asks whether more time is needed, and gets it', async (context) => {
  const opened = await open(context);
  if (!opened) return;
  const { page } = opened;
  const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
  await page.route('**/verify', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), expiresAt: inSeconds(110) } });
  });
  let renewed = '';
  await page.route('**/register/session/renew', async (route) => {
    renewed = `${route.request().method()} ${route
      .request()
      .headers()
      .authorization?.replace(/[0-9a-f]{32}/, 'id')}`;
    await route.fulfill({ json: { expiresAt: inSeconds(1800), remainingSteps: ['name', 'birthday', 'phone'] } });
  });
  await tapStart(page);
  await page.waitForSelector('dialog[open]');
  assert.match(await page.locator('dialog .clock dd').innerText(), /^01:\d\d$/);
  assert.equal(await page.evaluate('document.activeElement.textContent'), '늘리기');
  await page.keyboard.press('Enter');
  await page.waitForSelector('dialog', { state: 'detached' });
  assert.equal(renewed, 'POST Bearer id');
  await fillName(page);
});

test('a failure of the server shows the number of the request', async (context) => {
  const opened = await open(context);
  if (!opened) return;
  await answerFirst(opened.page, '/verify', { status: 500, code: 'internal_error' });
  await tapStart(opened.page);
  assert.equal((await refusal(opened.page)).title, '문제가 생겼어요');
  assert.equal(await opened.page.locator('.slip').innerText(), '7f3a91c2');
});

test('a preview goes through every step and sends nothing', async (context) => {
  if (!requireChromium(context)) return;
  await using preview = await openSignUpPage({ preview: true });
  const window = await preview.openWindow();
  const page = await window.newPage();
  await page.goto(`${preview.origin}/join#SAMPLE`);
  assert.equal(await page.locator('.ribbon').innerText(), '미리 보기 · 아무것도 저장되지 않아요');
  await reachPhone(page);
  await page.click('form .button');
  await page.waitForSelector('.letter');
  assert.deepEqual(preview.requests, []);
});
