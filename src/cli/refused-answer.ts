import type { Language, Sentence } from '../errors.ts';
import { Refusal } from './exit-codes.ts';
import { printable } from './printable.ts';
import { phrase } from './remark.ts';

const sentences = {
  foreign: {
    ko: '이 답(HTTP {status})은 Chodae의 것이 아닌 것 같습니다. 주소를 확인하세요.',
    en: 'This answer (HTTP {status}) does not seem to come from Chodae: check the address.',
  },
  redirect: {
    ko: '서버가 다른 주소({location})로 보냅니다. 그 주소를 --url로 지정하세요.',
    en: 'The server sends requests on to {location}: give that address as --url.',
  },
} satisfies Record<string, Sentence>;

/** @returns what to throw for an answer that is no success: its own sentence, and a line for each field that it objects to. */
export function refusedAnswer(status: number, location: string | undefined, body: unknown, language: Language): Refusal {
  if (status >= 300 && status < 400) {
    const values = { location: printable(location ?? '?') };
    return new Refusal(phrase({ sentence: sentences.redirect, values }, language), { status, code: null });
  }
  const { code, detail, errors } = membersOf(body);
  if (typeof code !== 'string' || !/^[a-z][a-z_]{0,63}$/.test(code) || typeof detail !== 'string') return foreignAnswer(status, language);
  const fields = fieldErrors(errors);
  const lines = [detail, ...fields.map(lineFor)];
  return new Refusal(lines.map(printable).join('\n'), { status, code, ...(fields.length > 0 && { errors: fields }) });
}

/** @returns what to throw for an answer that Chodae does not give: another service is at the address. */
export function foreignAnswer(status: number, language: Language): Refusal {
  return new Refusal(phrase({ sentence: sentences.foreign, values: { status } }, language), { status, code: null });
}

/** Of a file: the line, the column, and what is wrong there. */
function lineFor({ line, field, message }: FieldError): string {
  if (line !== undefined) return `  ${String(line).padStart(7)}  ${field || '-'}  ${message}`;
  return field === '' ? `  ${message}` : `  ${field}: ${message}`;
}

interface FieldError {
  /** Only of a file; counted from 1. */
  readonly line?: number;
  readonly field: string;
  readonly code: string;
  readonly message: string;
}

function fieldErrors(errors: unknown): FieldError[] {
  if (!Array.isArray(errors)) return [];
  return errors.flatMap((error: Partial<FieldError> | null) => {
    if (typeof error?.field !== 'string' || typeof error.code !== 'string' || typeof error.message !== 'string') return [];
    const { line, field, code, message } = error;
    if (line !== undefined && !Number.isSafeInteger(line)) return [];
    return [{ field, ...(line !== undefined && { line }), code, message }];
  });
}

function membersOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}
