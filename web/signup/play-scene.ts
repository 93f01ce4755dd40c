// The development page: lists the scenes, or plays the one that `?scene=` names, in the language `lang`, against a mocked server.

import type { PageSettings as Settings } from '../../src/pages/schema.ts';
import { fingerprint } from './code-in-link.ts';
import { type Act, type MockAnswer, type Scene, sampleSteps, sceneMoment, scenes } from './scenes.ts';

const logo = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36"><rect width="36" height="36" rx="10" fill="#2F6F4F"/><g fill="none" stroke="#fff" stroke-width="3"><rect x="7.5" y="12.5" width="11" height="11" rx="1"/><circle cx="23" cy="18" r="5.5"/></g></svg>',
)}`;

const query = new URLSearchParams(location.search);
const language = query.get('lang') === 'en' ? 'en' : 'ko';
const all: Readonly<Record<string, Scene>> = scenes;
const scene = all[query.get('scene') ?? ''];
/** What pressing a button leads to: an error, a refusal, the end, or a reason to wait. */
const outcome = '[aria-invalid], .mini, .letter, .status.warn, .busy';

function list(): void {
  for (const lang of ['ko', 'en']) {
    const items = document.createElement('ol');
    for (const [name, { title }] of Object.entries(all)) {
      const link = document.createElement('a');
      link.href = `?scene=${name}&lang=${lang}`;
      link.textContent = `${name}: ${title}`;
      const item = document.createElement('li');
      item.append(link);
      items.append(item);
    }
    const heading = document.createElement('h2');
    heading.textContent = lang;
    document.body.append(heading, items);
  }
}

async function play({ code = '', stored, expiresIn = 3600, answers = {}, acts = [], settings, offline, until }: Scene): Promise<void> {
  const started = performance.now();
  Date.now = () => sceneMoment + Math.floor(performance.now() - started);
  const expiresAt = sceneMoment + expiresIn * 1000;
  const all: Settings = {
    brand: { name: language === 'ko' ? '모아' : 'Moa', logo, color: '#2F6F4F' },
    links: { terms: '/terms', privacy: '/privacy', contact: 'mailto:help@example.com' },
    appUrl: 'https://moa.example/',
    timeZone: 'Asia/Seoul',
    minimumAge: null,
    language,
    steps: sampleSteps,
    preview: false,
    ...settings,
  };
  const filled = document.getElementById('settings');
  if (filled) filled.textContent = JSON.stringify(all);
  localStorage.clear();
  sessionStorage.clear();
  if (stored) localStorage.setItem('chodae.join', JSON.stringify({ id: 'a', expiresAt, mark: fingerprint(stored.code) }));
  if (stored?.sameTab) sessionStorage.setItem('chodae.draft', '{}');
  history.replaceState(null, '', location.search + (code && `#${code}`));
  const progress = { expiresAt: new Date(expiresAt).toISOString(), phoneBound: stored?.bound ?? false };
  window.fetch = (path, { method = 'GET' } = {}) =>
    mocked(answers[`${method} ${String(path).split('/').at(-1)}`], method, {
      ...progress,
      remainingSteps: stored?.remaining ?? ['name', 'birthday', 'phone'],
    });
  await import('./main.tsx');
  await found('h1');
  if (acts.length > 0 || stored?.sameTab) await found(acts.some((act) => 'fill' in act) || stored?.sameTab ? 'input:not(.vh)' : 'button');
  if (offline) Object.defineProperty(navigator, 'onLine', { get: () => false });
  for (const act of acts) await perform(act);
  await found(until ?? (acts.some((act) => 'press' in act) ? outcome : 'h1'));
  document.documentElement.dataset.scene = 'ready';
}

async function mocked({ status = 200, body, headers = {}, fails }: MockAnswer = {}, method: string, progress: object): Promise<Response> {
  if (fails === 'offline') throw new TypeError('Failed to fetch');
  if (fails === 'never') return new Promise(() => undefined);
  const answer = body ?? { ok: true, sessionId: 'a', ...progress, ...(method === 'PUT' && { userId: 1 }) };
  return new Response(JSON.stringify(answer), { status, headers });
}

async function perform(act: Act): Promise<void> {
  if ('press' in act) {
    const buttons = { submit: 'form .button', start: '.actions .button', otherCode: '.env-code button' };
    const button = await found(buttons[act.press]);
    button.click();
    return;
  }
  const input = (await found(`input[name="${act.fill}"]`)) as HTMLInputElement;
  input.value = act.with;
  input.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertFromPaste' }));
  if (act.visible) (await found('.pair-show')).click();
  input.focus();
}

async function found(selector: string): Promise<HTMLElement> {
  for (;;) {
    const element = document.querySelector<HTMLElement>(selector);
    if (element) return element;
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}

if (scene) play(scene);
else list();
