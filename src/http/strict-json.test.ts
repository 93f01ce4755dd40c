import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../problems.ts';
import { problemMembers } from './problem-details.ts';
import { parseStrictJson } from './strict-json.ts';

const limit = 16 * 1024;

function refusal(body: string | Uint8Array): string {
  try {
    parseStrictJson(Buffer.from(body as string));
  } catch (error) {
    assert.ok(error instanceof Problem, `${error}`);
    assert.equal(error.kind.code, 'malformed_json');
    assert.equal(error.kind.status, 400);
    return String(problemMembers(error, 'en').detail);
  }
  throw new Error('it was accepted');
}

const accepted: readonly string[] = [
  '{}',
  '[]',
  'null',
  ' {"a" : 1 }\r\n',
  '{"a":{"b":{"c":[[[[[]]]]]}}}',
  '{"number":-1.5e3,"zero":-0,"largest":9007199254740991}',
  '{"a":"\\ud800","b":"한글","c":"\\u0000"}',
  '{"a":{"x":1},"b":{"x":1}}',
  `{${Array.from({ length: 32 }, (_, index) => `"k${index}":0`).join(',')}}`,
];

for (const body of accepted) {
  test(`accepts ${body.slice(0, 60)}`, () => assert.deepEqual(parseStrictJson(Buffer.from(body)), JSON.parse(body)));
}

const refused: readonly [name: string, body: string | Uint8Array, detail: RegExp][] = [
  ['nothing', '', /is empty/],
  ['white space', '  ', /not JSON/],
  ['two values', '{}{}', /not JSON/],
  ['a comment', '{/* */}', /not JSON/],
  ['a comma at the end', '{"a":1,}', /not JSON/],
  ['single quotes', "{'a':1}", /not JSON/],
  ['NaN', '{"a":NaN}', /not JSON/],
  ['a raw control character', '{"a":"\u0001"}', /not JSON/],
  ['a NUL byte after the value', '{}\0', /not JSON/],
  ['a byte order mark', '\ufeff{}', /not JSON/],
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]), /not UTF-8/],
  ['an overlong encoding', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), /not UTF-8/],
  ['an encoded surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), /not UTF-8/],
  ['UTF-16', Buffer.from('{"a":1}', 'utf16le'), /not JSON/],
  ['nine levels', '[[[[[[[[[]]]]]]]]]', /deeper than 8/],
  ['nine levels of objects and arrays', '{"a":[{"a":[{"a":[{"a":[{}]}]}]}]}', /deeper than 8/],
  ['33 members', `{${Array.from({ length: 33 }, (_, index) => `"k${index}":0`).join(',')}}`, /more than 32/],
  ['33 members in several objects', `[${'{"a":0,"b":0,"c":0},'.repeat(11).slice(0, -1)}]`, /more than 32/],
  ['a repeated name', '{"a":1,"a":2}', /same name/],
  ['a repeated name, once escaped', '{"a":1,"\\u0061":2}', /same name/],
  ['a repeated name inside', '{"x":[{"a":1,"b":{},"a":2}]}', /same name/],
  ['__proto__', '{"__proto__":{"polluted":1}}', /forbidden name/],
  ['__proto__, escaped', '{"__pro\\u0074o__":{"polluted":1}}', /forbidden name/],
  ['constructor', '{"constructor":{"prototype":{"polluted":1}}}', /forbidden name/],
  ['prototype', '{"a":{"prototype":1}}', /forbidden name/],
  ['an endless number', '{"a":1e400}', /too large to be exact/],
  ['an endless negative number', '[-1e400]', /too large to be exact/],
  ['a whole number that is not exact', '{"a":9007199254740993}', /too large to be exact/],
  ['2^53', '9007199254740992', /too large to be exact/],
  ['16 KiB of open brackets', '['.repeat(limit), /deeper than 8/],
  ['8 KiB of open brackets, closed', '['.repeat(limit / 2) + ']'.repeat(limit / 2), /deeper than 8/],
  ['2,700 nested objects', `${'{"a":'.repeat(2_700)}{}${'}'.repeat(2_700)}`, /deeper than 8/],
];

for (const [name, body, detail] of refused) test(`refuses ${name}`, () => assert.match(refusal(body), detail));

test('nothing reaches the prototype of other objects', () => {
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

test('no error repeats client input', () => {
  for (const [, body] of refused) {
    const sentence = refusal(body);
    for (const word of ['proto', 'polluted', '9007', 'NaN', 'k0', 'Unexpected']) assert.ok(!sentence.includes(word), sentence);
  }
});

test('every error is found quickly, whatever the body', () => {
  for (const [name, body] of refused) {
    const before = performance.now();
    refusal(body);
    assert.ok(performance.now() - before < 5_000, name);
  }
});

test('other limits may be given', () => {
  const many = Buffer.from(JSON.stringify({ codes: Array.from({ length: 100 }, (_, index) => ({ index })) }));
  assert.throws(() => parseStrictJson(many), Problem);
  assert.doesNotThrow(() => parseStrictJson(many, { maximumDepth: 8, maximumKeys: 1_000 }));
});

/** A small generator of texts that are nearly JSON: pieces of JSON in any order, or a text of JSON with one character changed. */
function* nearlyJson(count: number): Generator<string> {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"b\\n"',
    '"\\u00e9"',
    '"\\x"',
    '1',
    '-',
    '01',
    '-0.5',
    '1e2',
    '1.',
    '.5',
    '+1',
    'true',
    'nul',
    'null',
    'NaN',
    ' ',
    '\t',
    '\u00a0',
    '\v',
    "'",
    '/',
    '\\',
    '한',
  ];
  const whole = ['{"a":[1,{"b":"c\\"d"}],"e":null}', '[true,false,null,-1.5e-3,"\\ud83d\\ude00"]', '"x"', ' 0 '];
  let seed = 7;
  const below = (limit: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % limit;
  };
  for (let made = 0; made < count; made += 1) {
    if (made % 2 === 0) yield Array.from({ length: 1 + below(7) }, () => pieces[below(pieces.length)]).join('');
    else {
      const text = whole[below(whole.length)] ?? '';
      const at = below(text.length + 1);
      yield text.slice(0, at) + (pieces[below(pieces.length)] ?? '') + text.slice(at + below(2));
    }
  }
}

test('what JSON.parse refuses is refused, and what is accepted has the value of JSON.parse', () => {
  let equal = 0;
  for (const text of nearlyJson(20_000)) {
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      assert.match(refusal(text), /./, text);
      continue;
    }
    try {
      assert.deepEqual(parseStrictJson(Buffer.from(text)), parsed, text);
      equal += 1;
    } catch (error) {
      assert.ok(error instanceof Problem && /same name|too large/.test(String(problemMembers(error, 'en').detail)), text);
    }
  }
  assert.ok(equal > 500, `${equal} texts were JSON`);
});
