import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, before, type TestContext, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launchChromium, requireChromium } from '../support/chromium.ts';
import { createSampleApp, type SampleApp } from '../support/sample-http-app.ts';

let sample: SampleApp;
let origin = '';
let browser: Browser | undefined;
before(async () => {
  sample = await createSampleApp();
  await sample.app.listen({ port: 0, host: '127.0.0.1' });
  origin = `http://127.0.0.1:${(sample.app.server.address() as AddressInfo).port}`;
});
after(async () => {
  await browser?.close();
  await sample.app.close();
});

/** Console errors and requests to other hosts. */
interface Complaints {
  readonly messages: string[];
  readonly otherHosts: string[];
}

async function openPage(path: string): Promise<{ page: Page; complaints: Complaints }> {
  browser ??= await launchChromium();
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const complaints: Complaints = { messages: [], otherHosts: [] };
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.messages.push(message.text());
  });
  page.on('pageerror', (error) => complaints.messages.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(origin) && !/^(data|blob):/.test(request.url())) complaints.otherHosts.push(request.url());
  });
  await page.goto(origin + path);
  return { page, complaints };
}

const none: Complaints = { messages: [], otherHosts: [] };

test('Swagger UI shows the API without errors and sends a request', async (context: TestContext) => {
  if (!requireChromium(context)) return;
  const { page, complaints } = await openPage('/docs');
  await page.click('#operations-samples-putSample .opblock-summary-control');
  await page.fill('#operations-samples-putSample input[placeholder="id"]', '1');
  await page.click('#operations-samples-putSample .execute');
  await page.waitForSelector('.live-responses-table td.response-col_status:has-text("200")');
  assert.match(await page.locator('.live-responses-table').innerText(), /"ok": true,\s+"name": "Ada"/);
  assert.deepEqual(complaints, none);
  await page.close();
});

test('Swagger UI also works with a trailing slash', async (context: TestContext) => {
  if (!requireChromium(context)) return;
  const { page, complaints } = await openPage('/docs/');
  await page.waitForSelector('#operations-samples-putSample');
  assert.deepEqual(complaints, none);
  await page.close();
});

test('ReDoc shows the API without errors, and its search works', async (context: TestContext) => {
  if (!requireChromium(context)) return;
  const { page, complaints } = await openPage('/redoc');
  await page.waitForSelector('h1:has-text("Chodae")');
  await page.waitForSelector('h2:has-text("Keep a sample")');
  await page.fill('input[placeholder="Search..."]', 'alive');
  await page.waitForSelector('[role="search"] [data-role="search:results"] >> text=Check whether the process is alive');
  assert.deepEqual(complaints, none);
  await page.close();
});
