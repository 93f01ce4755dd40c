import { stringify } from 'csv-stringify/sync';
import type { Sentence } from '../../problems.ts';
import type { Operator, OperatorFlags } from '../as-operator.ts';
import { printResult } from '../output.ts';
import { openOutputFile } from '../output-file.ts';
import { printable, printableJson } from '../printable.ts';
import { writeOut } from '../write-out.ts';

/** What is told of each invitation that was made. */
export interface MadeInvitation {
  readonly id: number;
  readonly code: string;
  readonly link: string | null;
}

/** Where the codes of new invitations go. */
export interface CodeOutput {
  /** @returns false if the reader is gone. */
  add(invitations: readonly MadeInvitation[]): Promise<boolean>;
  /**
   * Says that this was all.
   * @param document what `--json` prints. @param summary one sentence for people.
   */
  finish(document: object, summary: string): Promise<void>;
  /** For every way out: after `finish` it does nothing. */
  discard(): Promise<void>;
}

interface CodeOutputFlags extends OperatorFlags {
  readonly output?: string;
  readonly format?: 'csv' | 'ndjson';
  readonly count: number;
}

const written: Sentence = { ko: '코드를 {file}에 적었습니다.', en: 'The codes are in {file}.' };

/**
 * Decides by the flags: a file or stdout as CSV or JSON lines (`--output`), one JSON document (`--json`; lines where they come as a stream),
 * else a code a line, with its link.
 */
export async function openCodeOutput(flags: CodeOutputFlags, operator: Operator, streams = false): Promise<CodeOutput> {
  const { output, json } = flags;
  if (output !== undefined) return openCodesFile(output, flags, operator);
  if (json && streams) return jsonLines(operator);
  if (json) return { add: async () => true, finish: async (document) => printResult(operator, true, document, []), async discard() {} };
  return codeLines(operator);
}

function codeLines({ stdout, stderr }: Operator): CodeOutput {
  const line = ({ code, link }: MadeInvitation) => (link === null ? `${printable(code)}\n` : `${printable(code)}  ${printable(link)}\n`);
  return {
    add: (invitations) => writeOut(stdout, invitations.map(line).join('')),
    async finish(_document, summary) {
      if (stdout.isTTY) stderr.write(`${summary}\n`);
    },
    async discard() {},
  };
}

function jsonLines({ stdout }: Operator): CodeOutput {
  return {
    add: (invitations) => writeOut(stdout, invitations.map((invitation) => `${printableJson(invitation)}\n`).join('')),
    async finish() {},
    async discard() {},
  };
}

async function openCodesFile(name: string, { format, json }: CodeOutputFlags, operator: Operator): Promise<CodeOutput> {
  const isCsv = format === undefined ? !/\.(?:ndjson|jsonl)$/.test(name) : format === 'csv';
  const file = await openOutputFile(name, operator, isCsv ? 'csv' : 'ndjson');
  let isFirst = true;
  const textOf = (invitations: readonly MadeInvitation[]) => {
    if (!isCsv) return invitations.map(({ id, code, link }) => `${printableJson({ id, code, link })}\n`).join('');
    const rows = invitations.map(({ id, code, link }) => [id, code, link]);
    // As the export writes it: the import takes both.
    const text = stringify(isFirst ? [['id', 'code', 'link'], ...rows] : rows, {
      bom: isFirst,
      record_delimiter: 'windows',
      escape_formulas: true,
    });
    isFirst = false;
    return text;
  };
  return {
    add: (invitations) => file.write(textOf(invitations)),
    async finish(document, summary) {
      await file.finish();
      if (name === '-') return;
      const { invitations: _, ...rest } = document as { invitations?: unknown };
      printResult(operator, json, { ...rest, file: name }, [summary, operator.say(written, { file: name })]);
    },
    discard: () => file.discard(),
  };
}
