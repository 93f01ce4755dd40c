import { calendarDay, today } from '../../shared/moments.ts';
import { serverNow } from '../../shared/server-clock.ts';
import type { Echo } from '../forms.tsx';
import { isoBirthday } from '../typed-birthday.ts';
import { type Key, say } from '../words.ts';

/** Bytes in UTF-8 that the service hashes of a password. */
const passwordBytes = 72;

const silent: Echo = { text: '', tone: '' };

/** Repeats a birthday in words, with the age in full years; nothing for a day that does not exist or is still to come. */
export function echoBirthday(text: string): Echo {
  const iso = isoBirthday(text);
  const [year = 0, month = 0, day = 0] = iso.split('-').map(Number);
  const date = new Date(`${iso}T00:00:00Z`);
  const now = today(serverNow());
  if (date.getUTCDate() !== day || iso > now || year < 1900) return silent;
  const age = Number(now.slice(0, 4)) - year - (now.slice(5) < iso.slice(5) ? 1 : 0);
  return { text: say('birthdayEcho', { day: calendarDay(year, month, day), age }), tone: 'echo' };
}

/** @returns a Korean mobile number with hyphens as far as it is typed; other numbers as they are. */
export function hyphened(text: string): string {
  const digits = text.replace(/\D/g, '').replace(/^(?:00)?82(?=0?1)0?/, '0');
  if (!/^01/.test(digits) || digits.length > 11) return text;
  return [digits.slice(0, 3), digits.slice(3, 7), digits.slice(7)].filter((part) => part !== '').join('-');
}

/** Repeats a complete number with hyphens, unless the field shows it so already. */
export function echoPhone(text: string): Echo {
  const shown = hyphened(text.normalize('NFKC').trim());
  return shown.length === 13 && shown !== text ? { text: shown, tone: 'echo' } : silent;
}

/** Says in words how long a password is: never in red while it is typed. */
export function echoPassword(text: string, minimum: number): Echo {
  const typed = text.normalize('NFC');
  const left = passwordBytes - new TextEncoder().encode(typed).length;
  const length = [...typed].length;
  if (length === 0) return { text: say('passwordRule', { minimum }), tone: '' };
  if (left < 0) return { text: say('password_too_long'), tone: 'warn tight' };
  if (left <= 12) return { text: say('bytesLeft', { left }), tone: 'warn tight' };
  if (length < minimum) return { text: say('more', { more: minimum - length }), tone: '' };
  const key: Key = length < 12 ? 'longEnough' : 'longer';
  return { text: say(key), tone: length < 12 ? '' : 'ok' };
}
