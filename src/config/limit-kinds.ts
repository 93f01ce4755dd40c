import ms from 'ms';
import { z } from 'zod';
import type { Rate } from './config.ts';
import type { SettingKind } from './setting-kinds.ts';

/** A count per duration: `600/10m`. */
export function rate(): SettingKind<Rate> {
  const write = 'how many (1 to 1000000) in how long (1s to 24h), such as 600/10m';
  const message = `write ${write}`;
  const schema = z.string().transform((text, context): Rate => {
    const [, count = '', duration = ''] = /^([1-9]\d{0,6})\/(\d{1,9} ?[a-z]{1,10})$/i.exec(text) ?? [];
    const seconds = duration === '' ? Number.NaN : (ms(duration as ms.StringValue) ?? Number.NaN) / 1000;
    if (Number(count) >= 1 && Number(count) <= 1_000_000 && Number.isInteger(seconds) && seconds >= 1 && seconds <= 86_400) {
      return { count: Number(count), seconds };
    }
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
  return { schema, write };
}

function isDecodable(text: string): boolean {
  try {
    return decodeURIComponent(text).length >= 0;
  } catch {
    return false;
  }
}

/** The address of a Redis server. */
export function redisUrl(): SettingKind<string> {
  const write = 'redis://:PASSWORD@HOST:PORT, or rediss:// for TLS; in the password %25 for %';
  const isAcceptable = (text: string) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    return url !== undefined && /^rediss?:$/.test(url.protocol) && url.hostname !== '' && isDecodable(url.username + url.password);
  };
  return { schema: z.string().refine(isAcceptable, `write ${write}`), write };
}
