import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { acceptBirthday, birthdayRules, todayIn } from './birthday.ts';

const today = '2026-03-15';

function codeOf(text: string, minimumAge?: number, at = today): string {
  const result = acceptBirthday(text, { today: at, minimumAge });
  return result.ok ? 'accepted' : result.errors.map((error) => `${error.field} ${error.rule.code}`).join();
}

test('a real day of the calendar is stored as it was sent', () => {
  for (const day of ['1990-01-01', '1900-01-01', '2000-02-29', '2024-02-29', today]) {
    assert.deepEqual(acceptBirthday(day, { today }), { ok: true, value: day });
  }
});

test('a birthday is stored without invisible signs, in ASCII', () => {
  for (const text of [
    ' 1990-01-01',
    '1990-01-01 ',
    '1990-01-01\n',
    '１９９０-01-01',
    '1990－０１－０１',
    '1990–01–01',
    '1990\u201101\u201101',
    '\u202a1990-01-01\u202c',
    '\u00a01990-01-01\u200b',
    '"1990-01-01"',
  ]) {
    assert.deepEqual(acceptBirthday(text, { today }), { ok: true, value: '1990-01-01' }, JSON.stringify(text));
  }
  assert.equal(codeOf(' '.repeat(100_000)), 'birthday birthday_format');
});

test('any other form is refused', () => {
  const others = ['', '19900101', '1990-1-1', '1990/01/01', '90-01-01', '1990-01-01T00:00:00Z', '01-01-1990'];
  for (const text of [...others, '1990-01-0a', '-990-01-01', '199٠-01-01']) assert.equal(codeOf(text), 'birthday birthday_format', text);
});

test('a day that does not exist is refused', () => {
  for (const text of ['2023-02-29', '1900-02-29', '1990-02-30', '1990-04-31', '1990-13-01', '1990-00-10', '1990-01-00', '1990-01-32']) {
    assert.equal(codeOf(text), 'birthday birthday_not_a_date', text);
  }
});

test('a day before 1900 or after today is refused', () => {
  assert.equal(codeOf('1899-12-31'), 'birthday birthday_too_early');
  assert.equal(codeOf('0000-01-01'), 'birthday birthday_too_early');
  assert.equal(codeOf('2026-03-16'), 'birthday birthday_in_future');
  assert.equal(codeOf('9999-12-31'), 'birthday birthday_in_future');
});

test('the minimum age is reached on the birthday, not the day before', () => {
  assert.equal(codeOf('2012-03-15', 14), 'accepted');
  assert.equal(codeOf('2012-03-16', 14), 'birthday birthday_below_minimum_age');
  assert.equal(codeOf('2026-03-15', 14), 'birthday birthday_below_minimum_age');
  assert.equal(codeOf('2026-03-15', undefined), 'accepted');
});

test('people born on 29 February age on 1 March in common years and on the day itself in leap years', () => {
  assert.equal(codeOf('2012-02-29', 14, '2026-02-28'), 'birthday birthday_below_minimum_age');
  assert.equal(codeOf('2012-02-29', 14, '2026-03-01'), 'accepted');
  assert.equal(codeOf('2012-02-29', 16, '2028-02-28'), 'birthday birthday_below_minimum_age');
  assert.equal(codeOf('2012-02-29', 16, '2028-02-29'), 'accepted');
});

test('the minimum-age error has its own rule and names the age', () => {
  const result = acceptBirthday('2020-01-01', { today, minimumAge: 14 });
  assert.equal(result.ok, false);
  assert.deepEqual(!result.ok && result.errors, [
    { field: 'birthday', rule: birthdayRules.birthday_below_minimum_age, values: { minimum: 14 } },
  ]);
});

test('today is the date in the zone of the service', () => {
  const instant = new Date('2026-03-14T15:30:00Z');
  assert.equal(todayIn('Asia/Seoul', instant), '2026-03-15');
  assert.equal(todayIn('UTC', instant), '2026-03-14');
  assert.equal(todayIn('America/Los_Angeles', new Date('2026-01-01T07:59:59Z')), '2025-12-31');
  assert.throws(() => todayIn('Asia/Chodae', instant), RangeError);
});

test('the time zone of the process does not matter', async () => {
  const program = `
    import { acceptBirthday, todayIn } from ${JSON.stringify(new URL('./birthday.ts', import.meta.url).href)};
    const today = todayIn('Asia/Seoul', new Date('2026-03-14T15:00:00Z'));
    const days = ['1990-01-01', '2012-03-15', '2012-03-16', '2026-03-15', '2026-03-16', '1987-05-10', '1961-08-10'];
    console.log(JSON.stringify([today, days.map((day) => acceptBirthday(day, { today, minimumAge: 14 }))]));`;
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const run = async (TZ: string) => {
    const inZone = { env: { ...environment, TZ } };
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], inZone);
    return stdout;
  };
  const [seoul, losAngeles, utc] = await Promise.all(['Asia/Seoul', 'America/Los_Angeles', 'UTC'].map(run));
  assert.match(seoul ?? '', /^\["2026-03-15"/);
  assert.equal(losAngeles, seoul);
  assert.equal(utc, seoul);
});

test('every accepted date is stored exactly as sent', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('1900-01-01'), max: new Date('2026-03-15'), noInvalidDate: true }), (date) => {
      const text = date.toISOString().slice(0, 10);
      assert.deepEqual(acceptBirthday(text, { today }), { ok: true, value: text });
    }),
  );
});

test('100 kB of input is rejected by length', () => {
  for (const unit of ['1', '-', ' ', '1990-01-01', '\u0301']) assert.equal(codeOf(unit.repeat(100_000)), 'birthday birthday_format');
});
