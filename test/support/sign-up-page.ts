import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import type { PageSettings as Settings } from '../../src/pages/schema.ts';
import { sampleSteps } from '../../web/signup/scenes.ts';
import { type Application, type ApplicationOverrides, openApplication } from './application.ts';
import { launchChromium } from './chromium.ts';

const pages = fileURLToPath(new URL('../../dist/web', import.meta.url));
const contentPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; manifest-src 'self'; form-action 'self'; " +
  "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
const mediaTypes: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.css': 'text/css' };

/** The built sign-up page over the application, in Chromium. */
export interface SignUpPage extends AsyncDisposable {
  readonly application: Application;
  readonly origin: string;
  /** Requests to the API so far, `PUT /auth/register/name`. */
  readonly requests: readonly string[];
  /** Opens a window of its own storage; disposing fails on a violation of the policy, a console error or a request to another host. */
  openWindow(options?: BrowserContextOptions): Promise<BrowserContext>;
}

export async function openSignUpPage(settings: Partial<Settings> = {}, overrides: ApplicationOverrides = {}): Promise<SignUpPage> {
  const application = await openApplication(overrides);
  const requests: string[] = [];
  const filled = filledPage(settings);
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://page.invalid');
    if (/^\/join(%23|$)/i.test(pathname)) {
      response.writeHead(200, {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': contentPolicy,
        'referrer-policy': 'no-referrer',
      });
      response.end(filled);
    } else if (/^\/assets\/[\w.-]+$/.test(pathname)) {
      response.writeHead(200, {
        'content-type': mediaTypes[path.extname(pathname)] ?? 'application/octet-stream',
        'content-encoding': 'gzip',
      });
      response.end(readFileSync(path.join(pages, `${pathname}.gz`)));
    } else {
      const method = request.method as 'GET';
      if (pathname.startsWith('/auth/')) requests.push(`${method} ${pathname}`);
      const { 'content-length': _, host: __, connection: ___, ...headers } = request.headers;
      const payload = Buffer.concat(await request.toArray());
      const answer = await application.http.inject({ method, url: pathname, headers, ...(payload.length > 0 && { payload }) });
      const { connection: _____, 'transfer-encoding': ______, ...answered } = answer.headers;
      response.writeHead(answer.statusCode, answered).end(answer.rawPayload);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const browser = await launchChromium();
  const complaints: string[] = [];
  return {
    application,
    origin,
    requests,
    async openWindow(options = {}) {
      const context = await browser.newContext({
        viewport: { width: 360, height: 640 },
        locale: 'ko-KR',
        timezoneId: 'Asia/Seoul',
        ...options,
      });
      context.setDefaultTimeout(15_000);
      await context.addInitScript({
        content:
          "addEventListener('securitypolicyviolation', (event) => console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI))",
      });
      context.on('page', (page: Page) => {
        page.on('console', (message) => {
          // Chromium reports every answer of 400 and above, and lost connections, which are refusals here.
          if (['error', 'warning'].includes(message.type()) && !message.text().startsWith('Failed to load resource'))
            complaints.push(message.text());
        });
        page.on('pageerror', (error) => complaints.push(error.message));
        page.on('request', (request) => {
          if (!request.url().startsWith(origin) && !request.url().startsWith('data:')) complaints.push(`other host: ${request.url()}`);
        });
      });
      return context;
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await application[Symbol.asyncDispose]();
      if (complaints.length > 0) throw new Error(`the page complained:\n${complaints.join('\n')}`);
    },
  };
}

function filledPage(settings: Partial<Settings>): string {
  const all: Settings = {
    brand: { name: '모아', logo: null, color: '#2F6F4F' },
    links: { terms: null, privacy: null, contact: null },
    appUrl: null,
    timeZone: 'Asia/Seoul',
    minimumAge: null,
    language: 'ko',
    steps: sampleSteps,
    preview: false,
    ...settings,
  };
  const html = readFileSync(path.join(pages, 'signup', 'index.html'), 'utf8');
  return html.replace(
    '<script type="application/json" id="settings">{}</script>',
    () => `<script type="application/json" id="settings">${JSON.stringify(all).replaceAll('<', '\\u003c')}</script>`,
  );
}
