import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fillSentence } from '../problems.ts';
import { acceptPhone, examplePhone, isPhoneNumber, isSamePhone, maskPhone, partOfPhone } from './phone.ts';

const region = 'KR';

function codeOf(text: string): string {
  const result = acceptPhone(text, { region });
  return result.ok ? `accepted ${result.value.e164}` : result.errors.map((error) => `${error.field} ${error.rule.code}`).join();
}

const spellings = [
  '010-1234-5678',
  '01012345678',
  '010 1234 5678',
  '(010) 1234.5678',
  '+82 10-1234-5678',
  '+82-010-1234-5678',
  ' 010-1234-5678\n',
];

test('every notation of a number is the same number, and is stored as typed', () => {
  for (const text of spellings) {
    assert.deepEqual(acceptPhone(text, { region }), { ok: true, value: { typed: text.trim(), e164: '+821012345678' } });
    assert.equal(isSamePhone(text, '010-1234-5678', region), true);
  }
});

test('only mobile numbers of the region are accepted: no landlines, other countries or wrong lengths', () => {
  for (const text of ['02-123-4567', '010-1234-56789', '010-1234', '1', '+82', '112', '00000000000'])
    assert.equal(codeOf(text), 'phone phone_not_mobile', text);
  for (const text of ['+1 415 555 2671', '+81 90-1234-5678']) assert.equal(codeOf(text), 'phone phone_other_region', text);
  assert.equal(acceptPhone('090-1234-5678', { region: 'JP' }).ok, true);
  assert.equal(acceptPhone('03-1234-5678', { region: 'JP' }).ok, false);
});

test('the refusal of a number of another country names the right one in words', () => {
  const refused = acceptPhone('+1 415 555 2671', { region: 'KR' });
  assert.ok(!refused.ok);
  const [{ rule, values } = assert.fail()] = refused.errors;
  assert.match(fillSentence(rule.message, 'ko', values), /^다른 나라의 번호입니다\. 대한민국 휴대폰 번호를 적으세요/);
  assert.match(fillSentence(rule.message, 'en', values), /a mobile phone number of South Korea/);
});

test('Korean numbers are 010 and eight digits, whatever libphonenumber makes of the others', () => {
  for (const text of ['0101234567', '010-123-4567', '011-123-4567', '011-1234-5678', '016-234-5678', '019-1234-5678', '012-1234-5678']) {
    assert.equal(codeOf(text), 'phone phone_not_mobile', text);
  }
});

test('a number is stored as it is read: in ASCII, without what contacts and people put around it', () => {
  for (const [typed, stored] of [
    ['\u202a010-1234-5678\u202c', '010-1234-5678'],
    ['\u2068+82 10-1234-5678\u2069', '+82 10-1234-5678'],
    ['010\u20111234\u20115678', '010-1234-5678'],
    ['０１０－１２３４－５６７８', '010-1234-5678'],
    ['010–1234—5678', '010-1234-5678'],
    ['010ㅡ1234ㅡ5678', '010-1234-5678'],
    ['010\u00a01234\u30005678', '010 1234 5678'],
    ['010·1234·5678', '010.1234.5678'],
    ['\ufeff01012345678\r\n', '01012345678'],
    ['tel:+82-10-1234-5678', '+82-10-1234-5678'],
    ['휴대폰: 010-1234-5678', '010-1234-5678'],
    ['"010-1234-5678",', '010-1234-5678'],
    ['(010) 1234-5678', '(010) 1234-5678'],
  ] as const) {
    assert.deepEqual(acceptPhone(typed, { region }), { ok: true, value: { typed: stored, e164: '+821012345678' } }, JSON.stringify(typed));
  }
});

test('only ASCII digits, spaces and + - ( ) . are accepted', () => {
  for (const text of ['010-1234-5678 ext. 9', '010-1234-5678;ext=9', '010_1234_5678', '010/1234/5678', '\ud800']) {
    assert.equal(codeOf(text), 'phone phone_characters', text);
  }
  assert.equal(codeOf('   '), 'phone phone_empty');
  assert.equal(codeOf(`010-1234-5678${'-'.repeat(20)}`), 'phone phone_too_long');
});

test('the example in an error is a valid number', () => {
  assert.equal(examplePhone('KR'), '010-2000-0000');
  for (const one of ['KR', 'JP', 'US', 'GB', 'DE'] as const) assert.equal(acceptPhone(examplePhone(one), { region: one }).ok, true, one);
});

test('texts that are not numbers are compared as text', () => {
  assert.equal(isSamePhone('call me', ' call me ', region), true);
  assert.equal(isSamePhone('call me', 'call you', region), false);
  assert.equal(isSamePhone('', '010-1234-5678', region), false);
  assert.equal(isSamePhone('010-1234-5678', '010-1234-5679', region), false);
});

test('digits with any signs are a phone number for the password rules', () => {
  const others = [
    '821012345678',
    '0082 10 1234 5678',
    '1012345678',
    '010_1234_5678',
    '!010/1234/5678!',
    '０１０１２３４５６７８',
    '011-123-4567',
    '0101234567',
  ];
  for (const text of [...spellings, ...others]) assert.equal(isPhoneNumber(text, region), true, text);
  for (const text of ['correct horse', 'kim01012345678', '19900101', '98761234', '', '5'.repeat(40)])
    assert.equal(isPhoneNumber(text, region), false, text);
});

test('every accepted phone number is one for the password rules, and equals itself without signs', () => {
  const sign = fc.constantFrom('', '-', ' ', '.', ') ', '(');
  // libphonenumber knows 010-5970 to 010-5999 as not assigned.
  const subscriber = fc
    .integer({ min: 0, max: 9999_9999 })
    .map((number) => String(number).padStart(8, '0'))
    .filter((digits) => !/^59[7-9]/.test(digits));
  fc.assert(
    fc.property(fc.constantFrom('010', '+8210', '+82010'), subscriber, sign, sign, (prefix, digits, first, second) => {
      const text = `${prefix}${first}${digits.slice(0, 4)}${second}${digits.slice(4)}`;
      const result = acceptPhone(text, { region });
      assert.equal(result.ok && result.value.e164, `+8210${digits}`);
      assert.equal(isPhoneNumber(text, region), true);
      assert.equal(isSamePhone(text, `010${digits}`, region), true);
    }),
  );
});

test('no text makes it throw', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('0', '1', '8', '2', '+', '-', '(', ')', '.', ' ', 'x', '\u0301', '\ud800'), maxLength: 60 }),
      (text) => {
        const result = acceptPhone(text, { region });
        if (result.ok) assert.equal(isPhoneNumber(text, region), true);
        isSamePhone(text, '01012345678', region);
      },
    ),
    { numRuns: 500 },
  );
});

test('100 kB of input is rejected by length', () => {
  for (const unit of ['0', '+', '-', ' ', '010-1234-5678', '\u0301', '(']) {
    const text = unit.repeat(100_000);
    assert.equal(codeOf(text), 'phone phone_too_long');
    assert.equal(isPhoneNumber(text, region), false);
    assert.equal(isSamePhone(text, text, region), true);
    assert.equal(isSamePhone(text, '010-1234-5678', region), false);
  }
});

test('a masked number shows its first three and last four digits, whatever its notation', () => {
  for (const text of spellings) assert.equal(maskPhone(text, region), '010-****-5678', text);
  assert.equal(maskPhone('+1 415 555 2671', region), '+1 41* *** 2671');
  assert.equal(maskPhone('090-1234-5678', 'JP'), '090-****-5678');
  const junk = ['', '112', '1234-5678', 'call me', '010-1234-5678 or 010-9999-0000', '홍길동', '\0', '9'.repeat(40), '9'.repeat(100_000)];
  for (const text of junk) assert.equal(maskPhone(text, region), '****', text.slice(0, 40));
});

test('every notation of a number, and each begun one, holds the digits that are looked for', () => {
  for (const text of spellings) assert.equal(partOfPhone(text.trim(), region), '1012345678', text);
  for (const [text, digits] of [
    ['5678', '5678'],
    ['0567', '0567'],
    ['1234-5678', '12345678'],
    ['010-1234', '101234'],
    ['+82 10 1234', '101234'],
    ['０１２３', '0123'],
  ])
    assert.equal(partOfPhone(text ?? '', region), digits, text);
  for (const text of ['홍길동', '', '123', '1-2-3', '1234a', '+82', '9'.repeat(100_000)])
    assert.equal(partOfPhone(text, region), undefined, text.slice(0, 20));
});
