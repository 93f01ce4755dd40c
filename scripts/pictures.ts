// Pictures of the scenes of the sign-up page: all of them, 360 and 1280 px wide, in both languages, light and dark, below `.cache/pictures/`;
// those of the main path below `docs/pictures/`. Arguments: only scenes whose name contains one of them.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { createServer } from 'vite';
import { launchChromium } from '../test/support/chromium.ts';
import { type Scene, scenes } from '../web/signup/scenes.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = path.join(root, '.cache', 'pictures');
const kept = path.join(root, 'docs', 'pictures');
const sizes = [
  { width: 360, height: 740 },
  { width: 1280, height: 900 },
];

const words = process.argv.slice(2);
const chosen = Object.entries<Scene>(scenes).filter(([name]) => words.length === 0 || words.some((word) => name.includes(word)));
const server = await createServer({
  configFile: path.join(root, 'web', 'vite.config.ts'),
  server: { port: 0, host: '127.0.0.1' },
  logLevel: 'error',
});
await server.listen();
const origin = server.resolvedUrls?.local[0] ?? '';
const browser = await launchChromium();
try {
  if (words.length === 0) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  mkdirSync(kept, { recursive: true });
  for (const viewport of sizes) for (const theme of ['light', 'dark'] as const) await takePictures(browser, viewport, theme);
} finally {
  await browser.close();
  await server.close();
}

async function takePictures(browser: Browser, viewport: { width: number; height: number }, theme: 'light' | 'dark'): Promise<void> {
  const context = await browser.newContext({
    viewport,
    colorScheme: theme,
    deviceScaleFactor: viewport.width < 768 ? 2 : 1,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  for (const language of ['ko', 'en']) {
    for (const [name, scene] of chosen) {
      await page.goto(`${origin}signup/scenes.html?scene=${name}&lang=${language}`);
      await page.waitForSelector('html[data-scene=ready]');
      const file = path.join(folder, `${name}-${language}-${theme}-${viewport.width}.png`);
      await page.screenshot({ path: file });
      if (scene.isMain && theme === 'light' && viewport.width === 360) copyFileSync(file, path.join(kept, `${name}-${language}.png`));
    }
  }
  await context.close();
}
