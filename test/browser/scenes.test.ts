import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { createServer, type ViteDevServer } from 'vite';
import { type Scene, scenes } from '../../web/signup/scenes.ts';
import { findChromium, launchChromium, requireChromium } from '../support/chromium.ts';

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
let server: ViteDevServer | undefined;
let browser: Browser | undefined;
let page: Page | undefined;
before(async () => {
  if (!findChromium()) return;
  const configFile = fileURLToPath(new URL('../../web/vite.config.ts', import.meta.url));
  server = await createServer({ configFile, server: { port: 0, host: '127.0.0.1', hmr: false }, logLevel: 'error' });
  await server.listen();
  browser = await launchChromium();
  page = await (await browser.newContext({ viewport: { width: 360, height: 740 }, reducedMotion: 'reduce' })).newPage();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/** Screens whose button has to be above a phone's keyboard. Not `overloaded`: two fields and two lines of status, over a button that waits. */
const withField = /^(code|name|birthday|phone|offline|rate-limited|server|lost|added-step)/;

for (const [name, scene] of Object.entries<Scene>(scenes)) {
  test(`scene ${name} (${scene.title}): accessible in both languages, light and dark, and it fits`, async (context: TestContext) => {
    if (!requireChromium(context) || !page || !server) return;
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto(`${server.resolvedUrls?.local[0]}signup/scenes.html?scene=${name}&lang=ko`);
    await page.waitForSelector('html[data-scene=ready]');
    assert.equal(await page.locator('h1').count(), 1);
    assert.notEqual(await page.title(), '');
    await checkAccessibility(page, 'ko light');
    await page.emulateMedia({ colorScheme: 'dark' });
    await checkAccessibility(page, 'ko dark');
    assert.ok(await fits(page), 'ko: the page scrolls sideways');
    if (withField.test(name)) assert.ok((await bottomOfButton(page)) <= 300, `ko: the button ends at ${await bottomOfButton(page)} px`);
    // A modal dialog makes the rest of the page inert; the switch still changes the words of both.
    await page.dispatchEvent('.bar-lang', 'click');
    await checkAccessibility(page, 'en dark');
    await page.emulateMedia({ colorScheme: 'light' });
    await checkAccessibility(page, 'en light');
    if (withField.test(name)) assert.ok((await bottomOfButton(page)) <= 300, `en: the button ends at ${await bottomOfButton(page)} px`);
    assert.equal(await page.getAttribute('html', 'lang'), 'en');
    await page.setViewportSize({ width: 320, height: 640 });
    assert.ok(await fits(page), 'en, 320 px: the page scrolls sideways');
    await page.setViewportSize({ width: 360, height: 740 });
  });
}

async function checkAccessibility(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(rules).analyze();
  assert.deepEqual(
    violations.map(({ id, nodes }) => `${where}: ${id} at ${nodes.map((node) => node.target.join(' ')).join(', ')}`),
    [],
  );
}

const fits = (page: Page) => page.evaluate('document.documentElement.scrollWidth <= innerWidth') as Promise<boolean>;
const bottomOfButton = (page: Page) =>
  page.evaluate("document.querySelector('form .button').getBoundingClientRect().bottom") as Promise<number>;
