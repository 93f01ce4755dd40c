import { Problem, type Sentence, type SentenceValues } from '../problems.ts';
import { httpProblems } from './http-problems.ts';

export interface JsonLimits {
  /** Maximum nesting of objects and arrays; the body itself is level one. */
  readonly maximumDepth: number;
  /** Maximum number of member names in the whole body. */
  readonly maximumKeys: number;
}

export const defaultJsonLimits: JsonLimits = { maximumDepth: 8, maximumKeys: 32 };

/** Names that reach an object's prototype if a program copies members carelessly. */
const dangerousKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** No sentence repeats a name or a value: what was sent is never sent back. */
const faults = {
  notJson: httpProblems.malformed_json.detail,
  empty: { ko: '요청 본문이 비어 있습니다.', en: 'The body of the request is empty.' },
  notUtf8: { ko: '요청 본문이 UTF-8로 인코딩되지 않았습니다.', en: 'The body of the request is not UTF-8.' },
  tooDeep: { ko: 'JSON이 {maximum}단계보다 깊습니다.', en: 'The JSON is nested deeper than {maximum} levels.' },
  tooManyKeys: { ko: 'JSON의 항목이 {maximum}개보다 많습니다.', en: 'The JSON has more than {maximum} members.' },
  duplicateKey: { ko: 'JSON에 같은 이름의 항목이 두 번 나옵니다.', en: 'The JSON has two members of the same name.' },
  dangerousKey: { ko: 'JSON에 허용되지 않는 이름의 항목이 있습니다.', en: 'The JSON has a member with a forbidden name.' },
  inexactNumber: { ko: 'JSON의 숫자가 표현할 수 있는 범위를 벗어났습니다.', en: 'The JSON has a number that is too large to be exact.' },
} satisfies Record<string, Sentence>;

/** JSON text is UTF-8 without a byte order mark (RFC 8259, 8.1): a mark stays in the text, and the parser refuses it. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a JSON body in one pass and refuses what two parsers could read differently: repeated names, inexact numbers, bytes that are not UTF-8.
 * Escaped lone surrogates (`"\\ud800"`) pass: which strings are acceptable is the field's own rule.
 * @throws Problem `malformed_json`; its detail says which rule was broken.
 */
export function parseStrictJson(bytes: Uint8Array, limits: JsonLimits = defaultJsonLimits): unknown {
  if (bytes.length === 0) throw malformed('empty');
  return readText(decode(bytes), limits);
}

function malformed(fault: keyof typeof faults, values: SentenceValues = {}): Problem {
  return new Problem({ ...httpProblems.malformed_json, detail: faults[fault] }, { values });
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw malformed('notUtf8');
  }
}

const numberToken = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const words: Readonly<Record<string, readonly [text: string, value: unknown]>> = {
  t: ['true', true],
  f: ['false', false],
  n: ['null', null],
};
const [quote, backslash, firstPrintable] = [0x22, 0x5c, 0x20];
const [space, tab, lineFeed, carriageReturn] = [0x20, 0x09, 0x0a, 0x0d];

/** The grammar of RFC 8259, one function a production; the depth is bounded, so they may call each other. */
function readText(text: string, { maximumDepth, maximumKeys }: JsonLimits): unknown {
  let at = 0;
  let keys = 0;
  const whole = readValue(1);
  if (nextCharacter() !== '') throw malformed('notJson');
  return whole;

  /** @returns the next character that is not white space, without taking it; empty at the end. */
  function nextCharacter(): string {
    for (; ; at += 1) {
      const code = text.charCodeAt(at);
      if (code !== space && code !== lineFeed && code !== carriageReturn && code !== tab) return text.charAt(at);
    }
  }

  function take(character: string): void {
    if (nextCharacter() !== character) throw malformed('notJson');
    at += 1;
  }

  function readValue(depth: number): unknown {
    const first = nextCharacter();
    if (first === '"') return readString();
    if (first === '{' || first === '[') {
      if (depth > maximumDepth) throw malformed('tooDeep', { maximum: maximumDepth });
      return first === '{' ? readObject(depth) : readArray(depth);
    }
    const word = words[first];
    if (word === undefined) return readNumber();
    if (!text.startsWith(word[0], at)) throw malformed('notJson');
    at += word[0].length;
    return word[1];
  }

  function readObject(depth: number): object {
    const members: Record<string, unknown> = {};
    take('{');
    if (nextCharacter() !== '}') {
      for (;;) {
        nextCharacter();
        const key = readString();
        keys += 1;
        if (keys > maximumKeys) throw malformed('tooManyKeys', { maximum: maximumKeys });
        if (dangerousKeys.has(key)) throw malformed('dangerousKey');
        if (Object.hasOwn(members, key)) throw malformed('duplicateKey');
        take(':');
        members[key] = readValue(depth + 1);
        if (nextCharacter() !== ',') break;
        at += 1;
      }
    }
    take('}');
    return members;
  }

  function readArray(depth: number): unknown[] {
    const items: unknown[] = [];
    take('[');
    if (nextCharacter() !== ']') {
      for (;;) {
        items.push(readValue(depth + 1));
        if (nextCharacter() !== ',') break;
        at += 1;
      }
    }
    take(']');
    return items;
  }

  function readString(): string {
    const begin = at;
    if (text.charCodeAt(at) !== quote) throw malformed('notJson');
    let isEscaped = false;
    for (at += 1; ; at += 1) {
      const code = text.charCodeAt(at);
      if (code === quote) break;
      // Also the end of the text: NaN.
      if (!(code >= firstPrintable)) throw malformed('notJson');
      if (code === backslash) {
        isEscaped = true;
        at += 1;
      }
    }
    at += 1;
    return isEscaped ? unescaped(text.slice(begin, at)) : text.slice(begin + 1, at - 1);
  }

  function readNumber(): number {
    numberToken.lastIndex = at;
    const [token] = numberToken.exec(text) ?? [];
    if (token === undefined) throw malformed('notJson');
    at += token.length;
    const value = Number(token);
    // Every number from 2^53 on is a whole one for `Number`: this refuses `1e400` and `9007199254740993` alike.
    if (Math.abs(value) > Number.MAX_SAFE_INTEGER) throw malformed('inexactNumber');
    return value;
  }
}

/** The error of `JSON.parse` is dropped: its message quotes the body. */
function unescaped(token: string): string {
  try {
    return JSON.parse(token);
  } catch {
    throw malformed('notJson');
  }
}
