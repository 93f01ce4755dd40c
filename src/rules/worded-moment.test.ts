import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wordedMoment } from './worded-moment.ts';

const worded: readonly (readonly [moment: string, zone: string, ko: string, en: string])[] = [
  ['2026-12-31T15:00:00.000Z', 'Asia/Seoul', '2027년 1월 1일(금) 오전 12시', 'Fri 1 Jan 2027, 00:00'],
  ['2026-12-31T15:00:00.000Z', 'UTC', '2026년 12월 31일(목) 오후 3시', 'Thu 31 Dec 2026, 15:00'],
  ['2026-03-02T01:05:59.999Z', 'Asia/Seoul', '2026년 3월 2일(월) 오전 10시 5분', 'Mon 2 Mar 2026, 10:05'],
  ['2026-03-02T03:00:00.000Z', 'Asia/Seoul', '2026년 3월 2일(월) 오후 12시', 'Mon 2 Mar 2026, 12:00'],
  ['2028-02-29T14:59:00.000Z', 'Asia/Seoul', '2028년 2월 29일(화) 오후 11시 59분', 'Tue 29 Feb 2028, 23:59'],
  ['2026-03-29T00:30:00.000Z', 'Europe/Paris', '2026년 3월 29일(일) 오전 1시 30분', 'Sun 29 Mar 2026, 01:30'],
  ['2026-03-29T01:30:00.000Z', 'Europe/Paris', '2026년 3월 29일(일) 오전 3시 30분', 'Sun 29 Mar 2026, 03:30'],
  ['2026-06-15T00:00:00.000Z', 'Asia/Kolkata', '2026년 6월 15일(월) 오전 5시 30분', 'Mon 15 Jun 2026, 05:30'],
  ['9999-12-31T23:59:59.999Z', 'UTC', '9999년 12월 31일(금) 오후 11시 59분', 'Fri 31 Dec 9999, 23:59'],
];

for (const [moment, zone, ko, en] of worded) {
  test(`${moment} in ${zone}`, () => assert.deepEqual(wordedMoment(new Date(moment), zone), { ko, en }));
}
