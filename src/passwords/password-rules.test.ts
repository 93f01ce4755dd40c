import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dictionary } from '@zxcvbn-ts/language-common';
import fc from 'fast-check';
import { acceptPassword, maximumPasswordBytes, normalizePassword } from './password-rules.ts';

const context = { minimumLength: 8, name: '홍길동', isPhoneNumber: (digits: string) => /^010\d{8}$/.test(digits) };

function codeOf(text: string, changes: Partial<typeof context> = {}): string {
  const result = acceptPassword(text, { ...context, ...changes });
  return result.ok ? 'accepted' : result.errors.map((error) => `${error.field} ${error.rule.code}`).join();
}

test('a password is kept as typed, spaces included, except for NFC', () => {
  for (const text of [
    'securePass123!',
    '  two  spaces  ',
    '비밀번호는길게써요',
    'correct horse battery staple',
    '\u3000wide space\u3000',
    '🔑🗝🔒🔓🧂🌊🪁🫖',
  ]) {
    assert.deepEqual(acceptPassword(text, context), { ok: true, value: text });
  }
  assert.deepEqual(acceptPassword('비밀번호는길게써요'.normalize('NFD'), context), { ok: true, value: '비밀번호는길게써요' });
});

test('length is counted in code points after NFC', () => {
  assert.equal(codeOf('xkq7vbw'), 'password password_too_short');
  assert.equal(codeOf('xkq7vbwz'), 'accepted');
  assert.equal(codeOf('🔑🗝🔒🔓🧂🌊🪁'), 'password password_too_short');
  assert.equal(codeOf('나는학교에간'.normalize('NFD')), 'password password_too_short');
  assert.equal(codeOf('fourteen char?', { minimumLength: 15 }), 'password password_too_short');
  assert.equal(codeOf(''), 'password password_too_short');
});

test('71 and 72 bytes in UTF-8 are accepted, 73 are not: ASCII, Hangul, emoji', () => {
  const ascii = 'The quick brown fox jumps over the lazy dog, and the dog never wakes up.'.padEnd(72, '~').slice(0, 72);
  const hangul = '동해물과백두산이마르고닳도록하느님이보우하사우리';
  const emoji = '🔑🗝🔒🔓🧂🌊🪁🫖🎈🎉🎁🎀🎊🎋🎍🎎🎏🎐';
  for (const full of [ascii, hangul, emoji]) {
    assert.equal(Buffer.byteLength(full), 72);
    assert.equal(codeOf(full), 'accepted');
    const shorter = full.slice(0, full === emoji ? -2 : -1);
    assert.equal(codeOf(shorter.padEnd(shorter.length + 71 - Buffer.byteLength(shorter), '+')), 'accepted');
    assert.equal(codeOf(`${full}+`), 'password password_too_long');
  }
  assert.equal(codeOf(hangul.normalize('NFD')), 'accepted');
});

test('the length error says how much fits, in letters and in Hangul', () => {
  const result = acceptPassword('가'.repeat(25), context);
  const error = result.ok ? undefined : result.errors[0];
  assert.deepEqual(error?.values, { maximum: maximumPasswordBytes });
  assert.match(error?.rule.message.ko ?? '', /\{maximum\}자까지.*한글은 한 글자가 세 자/);
  assert.match(error?.rule.message.en ?? '', /\{maximum\} letters and digits.*Hangul syllable counts as three/);
});

test('NUL, lone surrogates and controls are refused', () => {
  for (const character of ['\0', '\n', '\t', '\x1b', '\x85', '\u2028', '\ud83d', '\ude00', '\uffff']) {
    assert.equal(codeOf(`securePass${character}123`), 'password password_characters', JSON.stringify(character));
  }
});

test('every listed password of eight characters or more is refused, in any case', () => {
  const listed = dictionary['passwords-common'].filter((password) => password.length >= 8);
  assert.ok(listed.length >= 3_000, 'OWASP ASVS 5.0, 6.2.4');
  for (const password of listed) {
    assert.equal(acceptPassword(password, context).ok, false, password);
    assert.equal(acceptPassword(password.toUpperCase(), context).ok, false, password);
  }
});

test('trivial variants are common too', () => {
  const variants = [
    'password1',
    'PassWord1',
    'ｐａｓｓｗｏｒｄ1',
    'qwer1234!',
    'dragon!!',
    '12341234',
    'aaaaaaaaaaaa',
    '😀😀😀😀😀😀😀😀',
    'abcabcabca',
    'hijklmnop',
    '987654321',
  ];
  const korean = ['qlalfqjsgh', 'Dkssudgktpdy', '안녕하세요안녕하세요', '가나다라마바사아', '비밀번호비밀번호'];
  const service = ['chodaechodae', 'Chodae2026!', '!!chodae!!', 'c h o d a e 1', '초대초대초대초대'];
  for (const text of [...variants, ...korean, ...service]) assert.equal(codeOf(text), 'password password_too_common', text);
  assert.equal(codeOf('chodae and a lighthouse'), 'accepted');
});

test('the name is refused as a password: in any case and spacing, repeated, or with up to six digits or signs', () => {
  const name = 'Hong Gil Dong';
  for (const text of ['honggildong', 'HONG GILDONG', 'hong gil dong 1990!', 'honggildonghonggildong', 'ＨｏｎｇGilDong']) {
    assert.equal(codeOf(text, { name }), 'password password_is_name', text);
  }
  assert.equal(codeOf('홍길동홍길동홍길동'), 'password password_is_name');
  assert.equal(codeOf('honggildong and friends', { name }), 'accepted');
  assert.equal(codeOf('xkq7vbwz', { name: '' }), 'accepted');
});

test('a phone number is refused as a password', () => {
  assert.equal(codeOf('010-1357-2468'), 'password password_is_phone');
});

test('a date is refused as a password', () => {
  const dates = [
    '19900101',
    '1990-01-01',
    '1990.1.1',
    '1990/12/25',
    '1990년 1월 1일',
    '25121990',
    '12251990',
    '01-01-1990',
    '90-01-01',
    '١٩٩٠-01-01',
  ];
  for (const text of dates) assert.equal(codeOf(text, { isPhoneNumber: () => false }), 'password password_is_birthday', text);
  for (const text of ['19901301', '19900230', '18990401', '1990-01-01 in Busan', '90-13-01']) assert.equal(codeOf(text), 'accepted', text);
});

const person = 'Hong Gil Dong';
/** A refused password of each kind, with the reason. */
const forbidden = [
  ['password', 'password password_too_common'],
  ['tkfkdgody', 'password password_too_common'],
  ['chodaechodae', 'password password_too_common'],
  ['honggildong', 'password password_is_name'],
  ['01012345678', 'password password_is_phone'],
  ['19900101', 'password password_is_birthday'],
] as const;
const invisible = fc.constantFrom('\u200b', '\u00ad', '\u2060', '\ufeff', '\u034f', '\u3164', '\ufe0f', '\u{e0061}', '\u{e0100}', '\u2800');

test('look-alikes of a forbidden password are refused for the same reason', () => {
  const common = [
    'p@ssword',
    'password ',
    'pаssword',
    'pass\u200bword',
    'PASSWΟRD',
    '𝐩𝐚𝐬𝐬𝐰𝐨𝐫𝐝',
    'pá́sswórd',
    'p.a.s.s.w.o.r.d',
    'drowssap',
    'ch0d@e!!',
  ];
  for (const text of [...common, 'dragonxy', 'x1dragon', '초\u3164대초대초대초대'])
    assert.equal(codeOf(text), 'password password_too_common', text);
  const names = [
    'hong\u200bgildong',
    'Hong\u00adGilDong',
    'gnodliggnoh',
    'hоnggildоng',
    'hongg1ld0ng',
    'hónggíldóng',
    'honggildongxyz',
    'xhonggildong!7',
  ];
  for (const text of names) assert.equal(codeOf(text, { name: person }), 'password password_is_name', text);
  assert.equal(codeOf('honggildong', { name: 'Hong\u200b Gil Dоng' }), 'password password_is_name');
  assert.equal(codeOf('ΝΗΣΟΣΝΗΣΟΣ', { name: 'νησος' }), 'password password_is_name');
  const phones = [
    '01012345678a',
    '٠١٠١٢٣٤٥٦٧٨',
    'my01012345678',
    '０１０-1234-5678',
    'o1O-l234-5678',
    '0101234567801012345678',
    '010 1234 5678 x',
    '1201012345678',
  ];
  for (const text of phones) assert.equal(codeOf(text), 'password password_is_phone', text);
  const dates = [
    'a19900101',
    '7a19900101a',
    '1990a01b01c',
    'kim901231',
    '१९९०-०१-०१',
    '1990010199',
    '199OO1O1',
    '1990-01-01 pw',
    '901231901231',
  ];
  for (const text of dates) assert.equal(codeOf(text), 'password password_is_birthday', text);
});

test('invisible characters and marks do not count as length', () => {
  const marks = ['\u0300', '\u0301', '\u0302', '\u0303', '\u0304', '\u0305', '\u0306'].join('');
  const tags = Array.from('hidden!', (letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0))).join('');
  const selectors = '\ufe00\ufe01\ufe02\ufe03\ufe04\ufe05\ufe06';
  for (const hidden of [
    marks,
    tags,
    selectors,
    '\u200b'.repeat(7),
    '\u00ad'.repeat(7),
    '\u3164'.repeat(7),
    '\u2800'.repeat(7),
    ' '.repeat(7),
  ]) {
    assert.equal(codeOf(`q${hidden}`), 'password password_too_short', JSON.stringify(hidden));
  }
  assert.equal(codeOf(tags + selectors), 'password password_too_short');
  assert.equal(codeOf('ที่นี่มีน้ำ'), 'accepted', 'Thai puts two marks on a consonant');
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z]{1,7}$/), fc.array(invisible, { maxLength: 12 }), (text, signs) => {
      assert.equal(codeOf([...text].map((letter, at) => letter + (signs[at] ?? '')).join('')), 'password password_too_short');
    }),
  );
});

test('invisible characters do not disguise a password, wherever they are', () => {
  fc.assert(
    fc.property(fc.constantFrom(...forbidden), fc.array(fc.tuple(fc.nat(), invisible), { maxLength: 8 }), ([text, reason], signs) => {
      const characters = Array.from(text);
      for (const [at, sign] of signs) characters.splice(at % (characters.length + 1), 0, sign);
      assert.equal(codeOf(characters.join(''), { name: person }), reason);
    }),
  );
});

test('up to three extra characters do not make a forbidden password acceptable', () => {
  const few = fc.string({ unit: fc.constantFrom('a', 'Q', '7', '!', ' ', '가', '-'), maxLength: 3 });
  fc.assert(
    fc.property(fc.constantFrom(...forbidden), few, fc.nat(), ([text], more, at) => {
      const before = at % (more.length + 1);
      assert.notEqual(codeOf(more.slice(0, before) + text + more.slice(before), { name: person }), 'accepted');
    }),
  );
});

test('letter-by-letter look-alikes do not disguise a password', () => {
  const looks: Readonly<Record<string, readonly string[]>> = {
    a: ['a', 'A', 'а', 'α', '@', 'ａ', 'á'],
    d: ['d', 'D', 'ԁ', 'ｄ'],
    e: ['e', '3', 'е', 'ε', 'é'],
    g: ['g', 'G', '9'],
    h: ['h', 'H', 'н', 'Η', 'һ'],
    i: ['i', '1', 'і', 'ι', 'l', '!'],
    o: ['o', 'O', '0', 'о', 'ο', 'ö'],
    p: ['p', 'P', 'р', 'ρ', 'ｐ'],
    s: ['s', '$', '5', 'ѕ'],
  };
  const words = [forbidden[0], forbidden[3]] as const;
  fc.assert(
    fc.property(fc.constantFrom(...words), fc.array(fc.nat(), { minLength: 12, maxLength: 12 }), ([text, reason], choices) => {
      const disguised = Array.from(text, (letter, at) => {
        const choice = looks[letter] ?? [letter];
        return choice[(choices[at] ?? 0) % choice.length] ?? letter;
      }).join('');
      assert.equal(codeOf(disguised, { name: person }), reason, disguised);
    }),
  );
});

test('digits of every script count as digits', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(0x660, 0x6f0, 0x966, 0xe50, 0xff10, 0x1d7ce, 0x1e950),
      fc.constantFrom(forbidden[4], forbidden[5]),
      (zero, [text, reason]) => {
        assert.equal(codeOf(text.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)))), reason);
      },
    ),
  );
});

test('a passphrase that contains a name, a date or a common word among other text is accepted', () => {
  const passphrases = [
    'honggildong and friends',
    'the password is a lie',
    'trombone19900101',
    'call 010-1234-5678 at noon',
    'two spaces',
    'dragonfly pond',
    '홍길동전은 재미있다',
    'пароль и секрет',
    'ΝΗΣΟΣ ΚΑΛΗ',
    '7f3k9q2m5x8c',
    '482112756391',
  ];
  for (const text of passphrases) assert.equal(codeOf(text, { name: person }), 'accepted', text);
  const words = fc.array(fc.constantFrom('granite', 'umbrella', 'violin', 'saffron', 'lantern', 'meadow'), { minLength: 2, maxLength: 4 });
  fc.assert(
    fc.property(words, fc.constantFrom(...forbidden), (some, [text]) => {
      const passphrase = [...some, text].join(' ');
      if (new Set(some).size === some.length && passphrase.length <= 72)
        assert.equal(codeOf(passphrase, { name: person }), 'accepted', passphrase);
    }),
  );
});

test('an accepted password is in NFC, within the limits, and accepted again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 4, maxLength: 40 }), (text) => {
      const result = acceptPassword(text, context);
      if (!result.ok) return;
      assert.equal(result.value, normalizePassword(text));
      assert.ok(Buffer.byteLength(result.value) <= 72);
      assert.deepEqual(acceptPassword(result.value, context), result);
    }),
    { numRuns: 500 },
  );
});

test('100 kB of input is rejected by length, as password and as name', () => {
  for (const unit of ['a', ' ', '!', '\u0301', '1-', '\ud800']) {
    assert.equal(codeOf(unit.repeat(100_000)), 'password password_too_long');
    assert.equal(codeOf('xkq7vbwz', { name: unit.repeat(100_000) }), 'accepted');
  }
});
