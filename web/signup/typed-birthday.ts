/** @returns `YYYY-MM-DD` of what was typed, such as 19900427, 1990.4.27 or 1990년 4월 27일; the text itself if it is no date. */
export function isoBirthday(text: string): string {
  const typed = text.normalize('NFKC').trim();
  const parts = /^(\d{4})(\d\d)(\d\d)$/.exec(typed) ?? /^(\d{4})\D+(\d{1,2})\D+(\d{1,2})\D*$/.exec(typed);
  return parts ? [parts[1], parts[2]?.padStart(2, '0'), parts[3]?.padStart(2, '0')].join('-') : text;
}
