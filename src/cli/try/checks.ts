import type { Sentence } from '../../errors.ts';
import type { Remark } from '../remark.ts';
import type { Answer } from './client.ts';
import type { WireRequest } from './requests.ts';

/** @returns what is wrong with an answer; undefined where nothing is. */
export type Judge = (answer: Answer) => Remark | undefined;

/** One request and what must come back. */
export interface Check {
  /** Never changes: machines read it. */
  readonly name: string;
  readonly title: Sentence;
  readonly request: WireRequest;
  readonly judge: Judge;
  /** What is worth telling of a good answer. */
  readonly note?: (answer: Answer) => Remark;
}

/** @returns a judge that gives the first objection of several. */
function firstOf(...judges: readonly Judge[]): Judge {
  return (answer) => {
    for (const judge of judges) {
      const objection = judge(answer);
      if (objection) return objection;
    }
    return undefined;
  };
}

/** A 200 with a JSON object whose members satisfy `holds`; `members` names them for the reader. */
export function success(members: string, holds: (body: Readonly<Record<string, unknown>>) => boolean): Judge {
  return firstOf(statusIs(200), mediaTypeIs('application/json'), (answer) =>
    answer.body && holds(answer.body) ? undefined : { sentence: sentences.members, values: { members } },
  );
}

/** A 200 whose only promise is its media type. */
export function page(mediaType: string): Judge {
  return firstOf(statusIs(200), mediaTypeIs(mediaType));
}

/** A 200, whatever is in it. */
export function statusIs(status: number): Judge {
  return (answer) => (answer.status === status ? undefined : unexpected(String(status), answer));
}

/**
 * A check that expects problem details (RFC 9457) of one kind.
 * @param expected `code` undefined: any code will do, the contract names only the status. `judge`: what else must hold.
 */
export function refusal(
  check: Pick<Check, 'name' | 'title' | 'request'>,
  expected: { status: number; code?: string; judge?: Judge },
): Check {
  const { status, code } = expected;
  return {
    ...check,
    judge: firstOf(
      (answer) =>
        answer.status === status && (!code || answer.body?.code === code) ? undefined : unexpected(kindName(status, code), answer),
      mediaTypeIs('application/problem+json'),
      (answer) =>
        isProblem(answer, status) ? undefined : { sentence: sentences.members, values: { members: 'type, title, status, detail, code' } },
      expected.judge ?? (() => undefined),
    ),
    note: (answer) => ({ sentence: sentences.kind, values: { kind: kindName(answer.status, safeCode(answer)) } }),
  };
}

/** @returns the objection that names the members which a good answer had to have. */
export function lacks(members: string): Remark {
  return { sentence: sentences.members, values: { members } };
}

const sentences = {
  kind: { ko: '{kind}', en: '{kind}' },
  expected: { ko: '기대한 답은 {expected}, 받은 답은 {actual}', en: 'expected {expected}, got {actual}' },
  members: { ko: '답에 있어야 할 내용이 없거나 다릅니다: {members}', en: 'the answer lacks, or has wrongly: {members}' },
} satisfies Record<string, Sentence>;

/** `detail` is a string on purpose: clients of the original read it. */
function isProblem({ body }: Answer, status: number): boolean {
  const texts = [body?.type, body?.title, body?.detail, body?.code];
  return body?.status === status && texts.every((text) => typeof text === 'string' && text !== '');
}

function mediaTypeIs(expected: string): Judge {
  return ({ mediaType }) => (mediaType === expected ? undefined : differs(expected, /^[\w.+/-]{1,60}$/.test(mediaType) ? mediaType : '?'));
}

function unexpected(expected: string, answer: Answer): Remark {
  return differs(expected, kindName(answer.status, safeCode(answer)));
}

function differs(expected: string, actual: string): Remark {
  return { sentence: sentences.expected, values: { expected, actual } };
}

function kindName(status: number, code: string | undefined): string {
  return code ? `${status} ${code}` : String(status);
}

/** Whatever else a strange server sends must reach no terminal: it may hold control characters, or what was sent to it. */
function safeCode({ body }: Answer): string | undefined {
  return typeof body?.code === 'string' && /^[a-z_]{1,40}$/.test(body.code) ? body.code : undefined;
}
