import { existsSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { type Browser, chromium } from 'playwright-core';
import { isRequired } from './requirements.ts';
import { temporaryFolder } from './temporary.ts';

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** @returns the path of the machine's own Chromium (`CHROMIUM_PATH` first), or nothing. */
export function findChromium(): string | undefined {
  const chosen = process.env.CHROMIUM_PATH;
  if (chosen && !existsSync(chosen)) throw new Error(`CHROMIUM_PATH names a file that does not exist: ${chosen}`);
  return chosen || places.find((place) => existsSync(place));
}

/**
 * Skips the test without Chromium, and fails it if `CHODAE_TEST_REQUIRE` names chromium.
 * @returns whether there is one; where not, the test should return at once.
 */
export function requireChromium(context: TestContext): boolean {
  if (findChromium()) return true;
  if (isRequired('chromium')) throw new Error('CHODAE_TEST_REQUIRE names chromium, and there is none: install it or set CHROMIUM_PATH.');
  context.skip('no Chromium on this machine: install it or set CHROMIUM_PATH');
  return false;
}

/** Starts the installed Chromium headless; it makes no requests of its own. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error('No Chromium on this machine: install it or set CHROMIUM_PATH.');
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', '--disable-quic'];
  // As root it starts without its sandbox only; the pages it opens here are our own.
  const args = ['--no-sandbox', '--disable-gpu', ...quiet];
  // Killed with this process, it would leave its own temporary files behind.
  const folder = temporaryFolder('chromium');
  const env = { ...process.env, TMPDIR: folder.path } as Record<string, string>;
  // It ends when this process exits; on a signal it would only close the browser and leave the test hanging.
  const signals = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };
  const browser = await chromium.launch({ executablePath, args, env, ...signals });
  browser.once('disconnected', folder.remove);
  return browser;
}
