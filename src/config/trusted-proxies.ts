import { z } from 'zod';
import { parseRanges, rangeNames } from '../rules/ip-address.ts';
import type { TrustedProxies } from './config.ts';
import type { SettingKind } from './setting-kinds.ts';

const mostHops = 10;

/** The proxies whose `X-Forwarded-*` headers are trusted: `off`, their number, or their addresses and ranges. */
export function trustedProxies(): SettingKind<TrustedProxies> {
  const names = `${rangeNames.slice(0, -1).join(', ')} or ${rangeNames.at(-1)}`;
  const write = `off, the number of proxies in front (1 to ${mostHops}), or their addresses and ranges such as 10.0.0.0/8, with commas between them; ${names} work too`;
  const schema = z.string().transform((text, context): TrustedProxies => {
    if (text.toLowerCase() === 'off') return undefined;
    if (/^\d+$/.test(text)) {
      if (Number(text) >= 1 && Number(text) <= mostHops) return Number(text);
      context.addIssue({ code: 'custom', message: `write ${write}` });
      return z.NEVER;
    }
    const entries = text.split(/[\s,]+/).filter((entry) => entry !== '');
    const mistakes = entries.map(parseRanges).filter((range) => typeof range === 'string');
    for (const message of mistakes) context.addIssue({ code: 'custom', message });
    if (entries.length === 0) context.addIssue({ code: 'custom', message: `write ${write}` });
    return mistakes.length > 0 || entries.length === 0 ? z.NEVER : entries;
  });
  return { schema, write };
}
