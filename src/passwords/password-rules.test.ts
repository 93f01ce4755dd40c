import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dictionary } from '@zxcvbn-ts/language-common';
import fc from 'fast-check';
import { acceptPassword, maximumPasswordBytes, normalizePassword } from './password-rules.ts';

const context = { minimumLength: 8, name: '홍길동', isPhoneNumber: (text: string) => /^010\D?\d{4}\D?\d{4}$/.test(text) };

function codeOf(text: string, changes: Partial<typeof context> = {}): string {
  const result = acceptPassword(text, { ...context, ...changes });
  return result.ok ? 'accepted' : result.errors.map((error) => `${error.field} ${error.rule.code}`).join();
}

test('a password is kept as typed, spaces included, but for NFC', () => {
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

test('71 and 72 bytes in UTF-8 are taken, 73 are not: ASCII, Hangul, emoji', () => {
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

test('the sentence about length speaks of bytes and of Hangul', () => {
  const result = acceptPassword('가'.repeat(25), context);
  const error = result.ok ? undefined : result.errors[0];
  assert.deepEqual(error?.values, { maximum: maximumPasswordBytes });
  assert.match(error?.rule.message.ko ?? '', /바이트.*한글은 한 글자에 3바이트/);
  assert.match(error?.rule.message.en ?? '', /bytes.*Hangul syllable 3/);
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

test('the name is no password: whatever its case and spaces, repeated, or with up to six digits or signs', () => {
  const name = 'Hong Gil Dong';
  for (const text of ['honggildong', 'HONG GILDONG', 'hong gil dong 1990!', 'honggildonghonggildong', 'ＨｏｎｇGilDong']) {
    assert.equal(codeOf(text, { name }), 'password password_is_name', text);
  }
  assert.equal(codeOf('홍길동홍길동홍길동'), 'password password_is_name');
  assert.equal(codeOf('honggildong and friends', { name }), 'accepted');
  assert.equal(codeOf('xkq7vbwz', { name: '' }), 'accepted');
});

test('a phone number is no password', () => {
  assert.equal(codeOf('010-1357-2468'), 'password password_is_phone');
});

test('a date is no password', () => {
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
    '١٩٩٠1990-01-01',
  ];
  for (const text of dates) assert.equal(codeOf(text, { isPhoneNumber: () => false }), 'password password_is_birthday', text);
  for (const text of ['19901301', '19900230', '18990401', '1990-01-01 in Busan', '90-13-01']) assert.equal(codeOf(text), 'accepted', text);
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

test('100 kB are refused unread, as password and as name', () => {
  for (const unit of ['a', ' ', '!', '\u0301', '1-', '\ud800']) {
    assert.equal(codeOf(unit.repeat(100_000)), 'password password_too_long');
    assert.equal(codeOf('xkq7vbwz', { name: unit.repeat(100_000) }), 'accepted');
  }
});
