import type { Sentence } from '../problems.ts';

const weekdays = { ko: ['일', '월', '화', '수', '목', '금', '토'], en: ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] } as const;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/**
 * A moment as people say it, to the minute: `2026년 3월 2일(월) 오전 10시 5분`, `Mon 2 Mar 2026, 10:05`. Written here and not by `Intl`, whose
 * words differ between versions of Node.
 * @param timeZone an IANA name.
 * @throws RangeError if the runtime does not know the zone, or the moment is invalid.
 */
export function wordedMoment(moment: Date, timeZone: string): Sentence {
  const format = new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', {
    timeZone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    hourCycle: 'h23',
  });
  const parts = new Map(format.formatToParts(moment).map((part) => [part.type, Number(part.value)]));
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0] = (['year', 'month', 'day', 'hour', 'minute'] as const).map((type) =>
    parts.get(type),
  );
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
  const half = hour < 12 ? '오전' : '오후';
  const minutes = minute === 0 ? '' : ` ${minute}분`;
  return {
    ko: `${year}년 ${month}월 ${day}일(${weekdays.ko[weekday]}) ${half} ${hour % 12 || 12}시${minutes}`,
    en: `${weekdays.en[weekday]} ${day} ${months[month - 1]} ${year}, ${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`,
  };
}
