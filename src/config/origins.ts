import { z } from 'zod';
import type { SettingKind } from './setting-kinds.ts';

/** Origins as browsers send them (RFC 6454, 6.2): scheme, host, and a port unless it is the default. Separated by commas or spaces. */
export function origins(): SettingKind<readonly string[]> {
  const write = 'off, or https://HOST, with a port where it has one; several with commas between them';
  const schema = z.string().transform((text, context): readonly string[] => {
    if (text.toLowerCase() === 'off') return [];
    const entries = text.split(/[\s,]+/).filter((entry) => entry !== '');
    if (entries.length === 0) context.addIssue({ code: 'custom', message: `write ${write}` });
    for (const entry of entries) {
      const mistake = mistakeIn(entry);
      if (mistake !== undefined) context.addIssue({ code: 'custom', message: mistake });
    }
    return context.issues.length > 0 ? z.NEVER : [...new Set(entries.map((entry) => new URL(entry).origin))];
  });
  return { schema, write };
}

function mistakeIn(entry: string): string | undefined {
  const shown = JSON.stringify(entry.slice(0, 60));
  if (/[;|]/.test(entry)) return 'separate origins by commas or spaces';
  if (entry.includes('*')) return 'name each origin: there is no * for all or some of them';
  if (entry.toLowerCase() === 'null') return '"null" stands for every hidden origin: name origins such as https://app.example.com';
  const url = URL.canParse(entry) ? new URL(entry) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return `${shown} is not an origin: write it such as https://app.example.com`;
  if (url.username !== '' || url.password !== '') return 'remove the user and the password from the origin';
  if (entry.endsWith('/')) return `remove the slash at the end of ${shown}`;
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || /[?#]$/.test(entry)) {
    return `${shown} has more than an origin: write ${url.origin}`;
  }
  return undefined;
}
