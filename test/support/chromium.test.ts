import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launchChromium, requireChromium } from './chromium.ts';

test("the machine's own Chromium shows a page", async (context) => {
  if (!requireChromium(context)) return;
  await using browser = await launchChromium();
  const page = await browser.newPage();
  await page.setContent('<h1>초대</h1>');
  assert.equal(await page.textContent('h1'), '초대');
});
