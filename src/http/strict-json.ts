import { visit } from 'jsonc-parser';
import { Problem, type Sentence, type SentenceValues } from '../errors.ts';
import { httpProblems } from './http-problems.ts';

export interface JsonLimits {
  /** Objects and arrays inside each other; the body itself is the first. */
  readonly maximumDepth: number;
  /** Names of members in the whole body. */
  readonly maximumKeys: number;
}

export const defaultJsonLimits: JsonLimits = { maximumDepth: 8, maximumKeys: 32 };

/** Names that reach an object's prototype where a program copies members carelessly. */
const dangerousKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** None of them repeats a name or a value: what was sent is never sent back. */
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

/** JSON text is UTF-8 without a byte order mark (RFC 8259, 8.1): a mark stays in the text and is then no JSON. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a JSON body and refuses what two parsers could read differently: repeated names, inexact numbers, bytes that are not UTF-8.
 * Escaped lone surrogates (`"\ud800"`) pass: which strings are acceptable is the field's own rule.
 * @throws Problem `malformed_json`; its detail says which rule was broken.
 */
export function parseStrictJson(bytes: Uint8Array, limits: JsonLimits = defaultJsonLimits): unknown {
  if (bytes.length === 0) throw malformed('empty');
  const text = decode(bytes);
  const value = parse(text);
  // First: the visitor calls itself for each level, JSON.parse and this check do not.
  refuseDepth(value, limits.maximumDepth);
  refuseAmbiguity(text, limits.maximumKeys);
  return value;
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

/** The parser's own error is dropped: its message quotes the body. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('notJson');
  }
}

function refuseDepth(value: unknown, maximum: number): void {
  let level = [value].filter(isContainer);
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > maximum) throw malformed('tooDeep', { maximum });
    level = level.flatMap((container) => Object.values(container).filter(isContainer));
  }
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Looks at the text and not at the value, where the last of two equal names has already won. */
function refuseAmbiguity(text: string, maximumKeys: number): void {
  const open: Set<string>[] = [];
  let keys = 0;
  visit(text, {
    onObjectBegin: () => {
      open.push(new Set());
    },
    onObjectEnd: () => {
      open.pop();
    },
    onObjectProperty: (key) => {
      keys += 1;
      if (keys > maximumKeys) throw malformed('tooManyKeys', { maximum: maximumKeys });
      if (dangerousKeys.has(key)) throw malformed('dangerousKey');
      const siblings = open.at(-1);
      if (siblings?.has(key)) throw malformed('duplicateKey');
      siblings?.add(key);
    },
    onLiteralValue: (value) => {
      if (typeof value === 'number' && !isExact(value)) throw malformed('inexactNumber');
    },
  });
}

/** Every number from 2^53 on is a whole one for `Number`, so this refuses `1e400` and `9007199254740993` alike. */
function isExact(value: number): boolean {
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}
