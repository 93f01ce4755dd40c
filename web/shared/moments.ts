import { language } from './language.ts';

let zone = 'Asia/Seoul';

/** @param timeZone an IANA name: the zone of all moments on the page. */
export function startMoments(timeZone: string): void {
  zone = timeZone;
}

/** @returns a time of day, `14:32` or `2:32 pm`. */
export function timeOfDay(moment: number): string {
  if (language() === 'ko') return format(moment, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }, 'en-GB');
  return format(moment, { hour: 'numeric', minute: '2-digit', hour12: true }, 'en-US').replace(
    /\s?([AP]M)$/,
    (_, half: string) => ` ${half.toLowerCase()}`,
  );
}

/** @returns a day and time, `3월 2일(월) 오전 10시` or `Mon 2 Mar, 10:00`. */
export function dayAndTime(moment: number): string {
  const part = (options: Intl.DateTimeFormatOptions, locale?: string) => format(moment, options, locale);
  if (language() === 'en') {
    const day = ['weekday', 'day', 'month'].map((name) => part({ [name]: name === 'day' ? 'numeric' : 'short' }, 'en-GB'));
    return `${day.join(' ')}, ${part({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }, 'en-GB')}`;
  }
  const time = part({ hour: 'numeric', minute: 'numeric', hour12: true }, 'ko-KR')
    .replace(/:00$/, '시')
    .replace(/:(\d\d)$/, '시 $1분');
  return `${part({ month: 'long', day: 'numeric' }, 'ko-KR')}(${part({ weekday: 'short' }, 'ko-KR')}) ${time}`;
}

/** @returns a calendar day without a zone, `1990년 4월 27일` or `27 April 1990`. */
export function calendarDay(year: number, month: number, day: number): string {
  const options = { year: 'numeric', month: 'long', day: 'numeric', timeZone: 'UTC' } as const;
  return new Intl.DateTimeFormat(language() === 'ko' ? 'ko-KR' : 'en-GB', options).format(Date.UTC(year, month - 1, day));
}

/** @returns today in the zone, `YYYY-MM-DD`. */
export function today(moment: number): string {
  return format(moment, { year: 'numeric', month: '2-digit', day: '2-digit' }, 'sv-SE');
}

/** @returns `07:41`, or `01:12:30` from an hour on; never below zero. */
export function timeLeft(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60];
  if (seconds >= 3600) parts.unshift(Math.floor(seconds / 3600));
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

function format(moment: number, options: Intl.DateTimeFormatOptions, locale: string = language()): string {
  return new Intl.DateTimeFormat(locale, { ...options, timeZone: zone }).format(moment);
}
