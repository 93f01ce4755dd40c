import { createHash } from 'node:crypto';
import type { Language, Sentence } from '../problems.ts';

/** @returns text for an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** @returns JSON for a script element: nothing in it can end the element. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const style = `:root { color-scheme: light dark; font: 16px/1.5 -apple-system, "Apple SD Gothic Neo", "Segoe UI", "Noto Sans KR", "Noto Sans CJK KR", "Malgun Gothic", system-ui, sans-serif; }
body { max-width: 440px; margin: 12vh auto 0; padding: 0 20px; word-break: keep-all; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.34; margin: 0 0 8px; }
p { margin: 0 0 24px; }
a { color: inherit; display: inline-block; padding: 12px 0; }
`;

/** Nothing but the one style below, which is named by its hash. */
const plainPolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; img-src data:; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'none'`;

export interface PlainPage {
  readonly title: Sentence;
  readonly text: Sentence;
  /** Where the page leads. */
  readonly link?: { readonly text: Sentence; readonly href: string };
}

/** @returns a page that says one thing, without a script. */
export function plainPage({ title, text, link }: PlainPage, language: Language): { html: string; headers: Record<string, string> } {
  const say = (sentence: Sentence) => escapeHtml(sentence[language]);
  const html = `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${say(title)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main>
<h1>${say(title)}</h1>
<p>${say(text)}</p>
${link ? `<a href="${escapeHtml(link.href)}">${say(link.text)}</a>` : ''}
</main>
</body>
</html>
`;
  return { html, headers: { 'content-security-policy': plainPolicy, 'x-robots-tag': 'noindex' } };
}
