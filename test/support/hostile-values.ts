import fc from 'fast-check';

/** Part of every generated value; it may not come back in a response, or reach a log or a row. */
export const planted = 'pl4nted7319';

/** Stand in generated requests for what exists only when they are sent; see `HostileScene.fill`. */
export const placeholders = {
  freshSession: '@fresh@',
  readySession: '@ready@',
  completedSession: '@done@',
  usableCode: '@usable@',
} as const;

const scalars = [
  '\ud800', // half of a pair
  'a\udc00',
  '\0',
  `${planted}\0`,
  '\u0007\u001b[31m',
  '\r\nSet-Cookie: a=b',
  '\u0085\u2028\u2029',
  '\u202e\u202d\u2066\u2069\u061c\u200f',
  '\u0378\u{e0fff}', // assigned to nothing
  '\ufdd0\uffff\u{1ffff}', // never characters
  '\ue000\u{f0000}', // private
  '\ufeff',
  '\u200b\u200d\u3164\u2800\u{e0001}', // nothing to see
  '\u0301', // a mark without a base
  '\ufdfa', // 18 characters in NFKC
  '\u{1d160}', // 3 in NFC
  '\u0390\u1fd3', // 3 in NFD
  '\u1112\u1161\u11ab', // a syllable in NFD
  'ﬃＡ①Ⅷ½',
  '👩‍👩‍👧‍👦🏳️‍🌈𝕏𠮷',
  'مرحبا שלום',
  '\'; DROP TABLE "User"; --',
  '$1 %s %n {fields} {{7*7}} `id`',
  '<script>alert(1)</script>',
  '=1+1',
  '\\u0000\\',
  'İıſKÅ',
];

const piles = ['a\u0301', '\u0344', '\ufdfa', '\u{1d160}', '한', '\u1112\u1161\u11ab', 'a', ' ', '\t', '\u{10ffff}', '"', '\\'];

/** Text that some program somewhere reads wrongly. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...scalars, '') },
  { weight: 4, arbitrary: fc.constantFrom(...scalars).map((text) => `홍${text}길동`) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...scalars), fc.constantFrom(...scalars)).map((two) => two.join(planted)) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom(...piles), fc.integer({ min: 2, max: 5_000 })).map(([unit, times]) => unit.repeat(times)),
  },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 120 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 120 }).map((text) => `${planted}${text}`) },
  { weight: 1, arbitrary: fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)) },
);

/** Any JSON value in place of a string. */
export const wrongType: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 19900101, 821012345678, [], {}, [[]], [placeholders.freshSession], { $ne: null }),
  fc.constantFrom<unknown>({ toString: planted }, { length: 3 }, [placeholders.usableCode, 1], { value: '1990-01-01' }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Unknown members, named like columns and rights. */
export const unknownMembers: fc.Arbitrary<Record<string, unknown>> = fc.dictionary(
  fc.constantFrom(
    'role',
    'isAdmin',
    'id',
    'userId',
    'used',
    'is_used',
    'created_at',
    'expires_at',
    'expiresAt',
    'invitation_id',
    'invitationId',
    'password_hash',
    'phone_key',
    'attempt',
    'sessionId',
    planted,
    'é',
    '',
    '0',
    'hasOwnProperty',
    'toJSON',
  ),
  fc.constantFrom<unknown>(planted, true, 1, 0, null, '2999-01-01T00:00:00Z', [planted], { [planted]: planted }, '\u0000'),
  { maxKeys: 6 },
);
