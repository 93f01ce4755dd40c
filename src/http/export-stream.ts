import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify/sync';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { describeError } from './describe-error.ts';

const exportFormats = ['csv', 'ndjson'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** One column of CSV, or one member of each line of NDJSON. */
export interface ExportColumn<Row> {
  readonly name: string;
  readonly value: (row: Row) => string | number | boolean | Date | null;
}

export interface Export<Row> {
  readonly format: ExportFormat;
  /** Of the file, without its extension; ASCII. */
  readonly name: string;
  readonly columns: readonly ExportColumn<Row>[];
  /** Read only as fast as the client reads; ended by `return()` when the client disconnects. */
  readonly batches: AsyncIterable<readonly Row[]>;
}

const mediaTypes: Readonly<Record<ExportFormat, string>> = { csv: 'text/csv', ndjson: 'application/x-ndjson' };

/** For `querystring`. */
export const exportFormat = z
  .enum(exportFormats)
  .default('csv')
  .meta({
    description:
      'CSV (RFC 4180, in UTF-8 with a byte order mark, cells that a spreadsheet would evaluate begin with an apostrophe), or JSON lines.',
    examples: ['csv'],
  });

/**
 * @returns the entry for `schema.response[200]`.
 * @param description of each line.
 */
export function exportAnswer(description: string) {
  const text = { schema: z.string() };
  return { description, content: { [mediaTypes.csv]: text, [mediaTypes.ndjson]: text } };
}

/**
 * Streams rows as a file: memory holds about two batches, whatever their number. An error before the first batch gets a normal
 * error response. Later the status is already sent: then the connection is closed, so that a part is not taken for the whole.
 */
export async function sendExport<Row>(reply: FastifyReply, wanted: Export<Row>): Promise<FastifyReply> {
  const texts = textOf(wanted);
  const first = await texts.next();
  reply.type(`${mediaTypes[wanted.format]}; charset=utf-8`);
  reply.header('content-disposition', `attachment; filename="${wanted.name}.${wanted.format}"`);
  // HEAD would read everything and discard it.
  if (reply.request.method === 'HEAD') return reply.send(Readable.from([]));
  return reply.send(Readable.from(reportingFailure(first, texts, reply), { objectMode: false }));
}

async function* textOf<Row>({ format, columns, batches }: Export<Row>): AsyncGenerator<string, void> {
  const names = columns.map(({ name }) => name);
  let isFirst = true;
  for await (const rows of batches) {
    if (rows.length === 0) continue;
    const records = rows.map((row) => columns.map(({ value }) => value(row)));
    yield format === 'csv' ? csvOf(records, isFirst ? names : undefined) : linesOf(records, names);
    isFirst = false;
  }
  if (isFirst && format === 'csv') yield csvOf([], names);
}

/** @param names of the columns, for the header line. */
function csvOf(records: readonly unknown[][], names: readonly string[] | undefined): string {
  return stringify(names ? [names, ...records] : [...records], {
    bom: names !== undefined,
    record_delimiter: 'windows',
    // Most readers take a lone line break as the end of a row; by default only CRLF is quoted.
    quote_record_delimiter: true,
    // OWASP's list: = + - @ TAB CR, and their full-width forms.
    escape_formulas: true,
    cast: { boolean: String, date: (date) => date.toISOString(), string: withOneMoreApostrophe },
  });
}

/** Text that looks escaped already gets an apostrophe as well, so that removing one always restores the original. */
function withOneMoreApostrophe(text: string): string {
  return /^'+[=+\-@\t\r＝＋－＠]/.test(text) ? `'${text}` : text;
}

function linesOf(records: readonly unknown[][], names: readonly string[]): string {
  return records.map((values) => `${JSON.stringify(Object.fromEntries(names.map((name, at) => [name, values[at]])))}\n`).join('');
}

async function* reportingFailure(first: IteratorResult<string, void>, texts: AsyncGenerator<string, void>, reply: FastifyReply) {
  try {
    if (first.done) return;
    yield first.value;
    yield* texts;
  } catch (error) {
    const route = reply.request.routeOptions.url ?? null;
    reply.log.error({ route, error: describeError(error) }, 'response aborted by an error');
    throw error;
  }
}
