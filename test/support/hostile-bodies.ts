import fc from 'fast-check';
import { doubtfulValues, goodValues } from './hostile-fields.ts';
import { hostileText, planted, unknownMembers, wrongType } from './hostile-values.ts';

type Members = Record<string, unknown>;

const good = (field: string) => (goodValues[field] ?? hostileText).map((value): Members => ({ [field]: value }));
const doubtful = (field: string) => (doubtfulValues[field] ?? hostileText).map((value): Members => ({ [field]: value }));
const bad = (field: string) =>
  fc.oneof(
    { weight: 3, arbitrary: hostileText.map((value): Members => ({ [field]: value })) },
    { weight: 1, arbitrary: wrongType.map((value): Members => ({ [field]: value })) },
    { weight: 1, arbitrary: fc.constant<Members>({}) },
  );

/** Mostly one field that is wrong among others that are right: where two are wrong, one may hide what the other does. */
function members(fields: readonly string[]): fc.Arbitrary<Members> {
  const oneWrong = fc
    .constantFrom(...fields)
    .chain((wrong) => fc.tuple(...fields.map((field) => (field === wrong ? fc.oneof(doubtful(field), bad(field)) : good(field)))));
  const entries = fc.oneof(
    { weight: 2, arbitrary: fc.tuple(...fields.map(good)) },
    { weight: 6, arbitrary: oneWrong },
    { weight: 1, arbitrary: fc.tuple(...fields.map((field) => fc.oneof(good(field), doubtful(field), bad(field)))) },
  );
  return fc.tuple(fc.option(unknownMembers, { freq: 3, nil: {} }), entries).map(([unknown, parts]) => Object.assign({}, unknown, ...parts));
}

/** What can be done to JSON so that two parsers read it differently, or one reads it for ever. */
const tricks: readonly ((text: string) => string | Uint8Array)[] = [
  (text) => `\ufeff${text}`,
  (text) => `/* ${planted} */${text}`,
  (text) => `${text} // ${planted}`,
  (text) => text.replace(/\}$/, ',}'),
  (text) => text.replaceAll('"', "'"),
  (text) => text.replace(/^\{/, '{"session_id":"x",'),
  (text) => text.replace(/^\{/, '{"n\\u0061me":"x","name":"y",'),
  (text) => text.replace(/^\{/, `{"__proto__":{"${planted}":1},`),
  (text) => text.replace(/^\{/, '{"constructor":{"prototype":{"pl4nted7319":1}},'),
  (text) => text.replace(/^\{/, '{"n":1e400,'),
  (text) => text.replace(/^\{/, '{"n":-1e-400,'),
  (text) => text.replace(/^\{/, '{"n":9007199254740993,'),
  (text) => text.replace(/^\{/, '{"n":NaN,'),
  (text) => text.replace(/^\{/, '{"n":0x1F,'),
  (text) => text.replace(/^\{/, `{"n":${'1'.repeat(9_000)},`),
  (text) => text.replace(/^\{/, `{"n":${'['.repeat(4_000)}${']'.repeat(4_000)},`),
  (text) => text.replace(/^\{/, `{${Array.from({ length: 40 }, (_, at) => `"k${at}":0,`).join('')}`),
  (text) => '{"a":'.repeat(3_000) + text,
  (text) => `[${text}]`,
  (text) => text + text,
  (text) => text.slice(0, -2),
  (text) => `${text}\0`,
  (text) => `${text}${' '.repeat(17_000)}`,
  (text) => Buffer.from(text, 'utf16le'),
  (text) => Buffer.from(text, 'latin1'),
  (text) => Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from([0xc0, 0xaf, 0xed, 0xa0, 0x80, 0xff, 0x22, 0x7d])]),
  () => '',
  () => 'null',
  () => `"${planted}"`,
  () => '[]',
];

/** A JSON body with these fields, whole or spoilt, or something else. */
export function bodyOf(fields: readonly string[]): fc.Arbitrary<string | Uint8Array | undefined> {
  const text = members(fields).map((value) => JSON.stringify(value));
  return fc.oneof(
    { weight: 9, arbitrary: text },
    { weight: 3, arbitrary: fc.tuple(text, fc.constantFrom(...tricks)).map(([json, trick]) => trick(json)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
    { weight: 1, arbitrary: fc.option(fc.json({ maxDepth: 10 }), { nil: undefined }) },
  );
}
