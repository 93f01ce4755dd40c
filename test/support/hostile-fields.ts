import fc from 'fast-check';
import { placeholders, planted } from './hostile-values.ts';

const dates: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '1900-01-01',
    '1899-12-31',
    '2000-02-29',
    '1900-02-29',
    '2023-02-29',
    '2024-02-30',
    '1990-13-01',
    '1990-00-10',
    '0000-00-00',
  ),
  fc.constantFrom(
    '9999-12-31',
    '2999-01-01',
    '-001-01-01',
    '+1990-01-01',
    '1990-1-1',
    '1990-01-01T00:00:00Z',
    ' 1990-01-01',
    '1990-01-01\n',
  ),
  fc.constantFrom('１９９０-01-01', '1990‐01‐01', '1990/01/01', '19900101', '1990-01-0१', '1990-01-01\0', '1e3-01-01', 'today', '0', '-1'),
  fc.date({ min: new Date('1890-01-01'), max: new Date('2050-01-01'), noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
  fc
    .tuple(fc.nat(9999), fc.nat(99), fc.nat(99))
    .map((parts) => parts.map((part, at) => String(part).padStart(at === 0 ? 4 : 2, '0')).join('-')),
);

const phones: fc.Arbitrary<string> = fc.oneof(
  fc.integer({ min: 20_000_000, max: 99_999_999 }).map((number) => `010-${String(number).slice(0, 4)}-${String(number).slice(4)}`),
  fc.integer({ min: 20_000_000, max: 99_999_999 }).map((number) => ` +82 (0)10.${number} `),
  fc.constantFrom('010-1234-5678', '+821012345678', '0101234567', '010123456789', '011-234-5678', '+1 202 555 0100', '02-123-4567', '112'),
  fc.constantFrom(
    '０１０-1234-5678',
    '010-1234-5678 ext 1',
    '010-1234-5678;phone-context=+82',
    'tel:010-1234-5678',
    '٠١٠١٢٣٤٥٦٧٨',
    '+',
    '++82',
  ),
  fc
    .tuple(fc.constantFrom('0', '1', '+', '-', '(', ')', '+82'), fc.integer({ min: 2, max: 3_000 }))
    .map(([unit, times]) => unit.repeat(times)),
  fc.string({ unit: fc.constantFrom(...'0123456789+-(). '), maxLength: 40 }),
);

const names: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('  이름  ', 'é\u0301', '\u1112\u1161\u11ab', '<b>O’Brien</b>', '𠮷'),
  fc.integer({ min: 98, max: 102 }).map((length) => '가'.repeat(length)),
);
const passwords: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('password1', '010-1234-5678', '1990-01-01', '홍길동1', 'short', '가'.repeat(24), '가'.repeat(25)),
  fc.integer({ min: 68, max: 76 }).map((length) => 'qW7-'.repeat(20).slice(0, length)),
  fc.string({ unit: 'grapheme', minLength: 6, maxLength: 20 }),
);
const sessionIds: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('0'.repeat(32), 'f'.repeat(128), 'f'.repeat(129), '../../x', '%00', "' OR 1=1 --", planted),
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 }),
);

/** For each field, values that it takes. */
export const goodValues: Readonly<Record<string, fc.Arbitrary<string>>> = {
  invitation_code: fc.constant(placeholders.usableCode),
  session_id: fc.constantFrom(placeholders.freshSession, placeholders.freshSession, placeholders.readySession),
  name: fc.constantFrom('홍길동', 'Ada Lovelace', '山田'),
  password: fc.constantFrom('seven quiet rivers', 'correct-초대-battery'),
  birthday: fc.constantFrom('1990-01-01', '2000-02-29'),
  phone: fc.integer({ min: 20_000_000, max: 99_999_999 }).map((number) => `010-${String(number).slice(0, 4)}-${String(number).slice(4)}`),
};

/** For each field, values that it just takes or just does not. */
export const doubtfulValues: Readonly<Record<string, fc.Arbitrary<string>>> = {
  invitation_code: fc.constantFrom('SEATS', 'USED', 'EXPIRED', 'REVOKED', 'EARLY', 'open', ' OPEN', planted),
  session_id: fc.oneof(fc.constant(placeholders.completedSession), sessionIds),
  name: names,
  password: passwords,
  birthday: dates,
  phone: phones,
};
