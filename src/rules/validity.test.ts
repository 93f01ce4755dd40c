import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptDuration, acceptMoment, acceptPeriod } from './validity.ts';

/** The parsed value, or the code of the broken rule. */
const momentOf = (text: string) => {
  const judged = acceptMoment('expires_at', text, 'Asia/Seoul');
  return judged.ok ? judged.value.toISOString() : judged.errors.map(({ field, rule }) => `${field} ${rule.code}`).join();
};
const secondsOf = (text: string) => {
  const judged = acceptDuration('valid_for', text);
  return judged.ok ? judged.value : judged.errors.map(({ field, rule }) => `${field} ${rule.code}`).join();
};

test('a time is converted to UTC, whatever its offset, case and fraction', () => {
  assert.equal(momentOf('2030-01-31T09:00:00Z'), '2030-01-31T09:00:00.000Z');
  assert.equal(momentOf('2030-01-31t09:00:00.5z'), '2030-01-31T09:00:00.500Z');
  assert.equal(momentOf('2030-01-31T18:00:00+09:00'), '2030-01-31T09:00:00.000Z');
  assert.equal(momentOf('2030-01-30T20:30:00-12:30'), '2030-01-31T09:00:00.000Z');
  assert.equal(momentOf('2024-02-29T23:59:59.123456789-00:00'), '2024-02-29T23:59:59.123Z');
  assert.equal(momentOf('1970-01-01T00:00:00Z'), '1970-01-01T00:00:00.000Z');
  assert.equal(momentOf('9999-12-31T23:59:59.999Z'), '9999-12-31T23:59:59.999Z');
});

test('a day or a time without an offset is in the zone of the service', () => {
  for (const [text, begin, end = begin] of [
    ['2030-01-31', '2030-01-30T15:00:00.000Z', '2030-01-31T15:00:00.000Z'],
    ['2028-02-29', '2028-02-28T15:00:00.000Z', '2028-02-29T15:00:00.000Z'],
    ['2030-12-31', '2030-12-30T15:00:00.000Z', '2030-12-31T15:00:00.000Z'],
    ['2030-01-31 18:00', '2030-01-31T09:00:00.000Z'],
    ['2030-01-31T18:00:30', '2030-01-31T09:00:30.000Z'],
    ['2030-01-31 09:00:00Z', '2030-01-31T09:00:00.000Z'],
    ['2030-01-31T18:00+09:00', '2030-01-31T09:00:00.000Z'],
  ] as const) {
    for (const [part, wanted] of [
      ['begin', begin],
      ['end', end],
    ] as const) {
      const judged = acceptMoment('expires_at', text, 'Asia/Seoul', part);
      assert.equal(judged.ok && judged.value.toISOString(), wanted, `${text} ${part}`);
    }
  }
  const skipped = acceptMoment('expires_at', '2026-03-29 02:30', 'Europe/Berlin');
  assert.equal(!skipped.ok && skipped.errors[0]?.rule.code, 'moment_skipped');
  assert.equal(momentOf('1969-12-31'), 'expires_at moment_range');
});

test('only a lost + is explained by the rules of addresses', () => {
  const sentence = (text: string) => {
    const judged = acceptMoment('created_from', text, 'UTC');
    return judged.ok ? '' : String(judged.errors[0]?.rule.message.en);
  };
  assert.match(sentence('2030-01-31T09:00:00 09:00'), /%2B/);
  for (const text of ['tomorrow', '2030-01-32', '31.1.2030', '2030/01/31', '2030-01-31T09:00:00+9'])
    assert.doesNotMatch(sentence(text), /%2B|URL/, text);
});

test('a text that is not a time is refused', () => {
  const texts = ['', ' ', 'tomorrow', '0', '1893456000', '2030-01', '2030-01-31T09', '2030-01-31  09:00', '20300131'];
  const shifted = ['2030-01-31T09:00:00 09:00', '2030-01-31T09:00:00+0900', '2030-01-31T09:00:00+24:00', '2030-01-31T09:00:00+09:60'];
  const impossible = [
    '2030-02-30T09:00:00Z',
    '2023-02-29T00:00:00Z',
    '2030-13-01T00:00:00Z',
    '2030-00-10T00:00:00Z',
    '2030-01-00T00:00:00Z',
  ];
  const clocks = ['2030-01-31T24:00:00Z', '2030-01-31T23:60:00Z', '2030-12-31T23:59:60Z', '2030-01-31T09:00:00.Z'];
  const years = ['+275760-09-13T00:00:00Z', '10000-01-01T00:00:00Z', '-000001-01-01T00:00:00Z', '30-01-01T00:00:00Z'];
  const characters = ['2030-01-31T09:00:00Z\n', '2030-01-31T09:00:00Z\0', '２０３０-01-31T09:00:00Z', ' 2030-01-31T09:00:00Z', '\ud800'];
  const long = [`2030-01-31T09:00:00.${'0'.repeat(100_000)}Z`, '2030-01-31T09:00:00.1234567890Z'];
  for (const text of [...texts, ...shifted, ...impossible, ...clocks, ...years, ...characters, ...long]) {
    assert.equal(momentOf(text), 'expires_at moment_format', JSON.stringify(text.slice(0, 50)));
  }
});

test('the year of a time is checked in UTC, not as written', () => {
  assert.equal(momentOf('1969-12-31T23:59:59Z'), 'expires_at moment_range');
  assert.equal(momentOf('0000-01-01T00:00:00Z'), 'expires_at moment_range');
  assert.equal(momentOf('9999-12-31T23:59:59-00:01'), 'expires_at moment_range');
  assert.equal(momentOf('1970-01-01T00:00:00+00:01'), 'expires_at moment_range');
  assert.equal(momentOf('1969-12-31T23:59:00-00:01'), '1970-01-01T00:00:00.000Z');
});

test('a period may be open on either side, and both ends are checked', () => {
  const [first, end] = ['2030-01-01T00:00:00Z', '2030-02-01T00:00:00+09:00'];
  const period = (from: string | undefined, to: string | undefined) => acceptPeriod(['from', from], ['to', to], 'Asia/Seoul');
  assert.deepEqual(period(first, end), { ok: true, value: { from: new Date(first), to: new Date(end) } });
  assert.deepEqual(period(undefined, end), { ok: true, value: { from: undefined, to: new Date(end) } });
  assert.deepEqual(period(undefined, undefined), { ok: true, value: { from: undefined, to: undefined } });
  const judged = period('x', '');
  assert.deepEqual(!judged.ok && judged.errors.map(({ field, rule }) => `${field} ${rule.code}`), [
    'from moment_format',
    'to moment_format',
  ]);
});

test('a duration is a number and a unit', () => {
  assert.equal(secondsOf('1m'), 60);
  assert.equal(secondsOf('30m'), 1_800);
  assert.equal(secondsOf('12h'), 43_200);
  assert.equal(secondsOf('1.5 hours'), 5_400);
  assert.equal(secondsOf('7D'), 604_800);
  assert.equal(secondsOf('2w'), 1_209_600);
  assert.equal(secondsOf('90s'), 90);
  assert.equal(secondsOf('60000ms'), 60);
  assert.equal(secondsOf('10y'), 315_576_000);
});

test('a text that is not a duration is refused', () => {
  const texts = [
    '',
    ' ',
    '7',
    '604800',
    'd',
    'seven days',
    '7 months',
    '7mo',
    '-7d',
    '+7d',
    '.5h',
    '1e3s',
    '7d 12h',
    '7d12h',
    'P7D',
    '7d\n',
  ];
  const odd = ['７d', '7d\0', ' 7d', '7  d', '1.2345h', `${'9'.repeat(10)}d`, `7${'d'.repeat(100_000)}`, 'NaN d', 'Infinity y', '7d\ud800'];
  for (const text of [...texts, ...odd]) assert.equal(secondsOf(text), 'valid_for duration_format', JSON.stringify(text.slice(0, 50)));
});

test('a duration ranges from a minute to 10 years', () => {
  for (const text of ['0m', '59s', '59499ms', '0.99m', '11y', '10.001y', '3653d', '999999999w']) {
    assert.equal(secondsOf(text), 'valid_for duration_range', text);
  }
});
