import { isUtf8 } from 'node:buffer';
import { CsvError, type Parser, parse } from 'csv-parse';
import type { FieldRule, SentenceValues } from '../../../problems.ts';
import { csvRules, maximumLineBytes } from './csv-rules.ts';

/** One line with its cells; or what keeps the rest of the file from being read, and then it is the last. */
export type CsvLine =
  | { readonly number: number; readonly cells: readonly string[] }
  | { readonly number: number; readonly fault: FieldRule; readonly values?: SentenceValues };

/** Bytes that go to the parser at once: some 5 ms of work. */
const pieceBytes = 64 * 1024;
/** Bytes without the end of a line after which there is none to be expected: commas and line breaks in quotation marks cost memory, too. */
const maximumUnfinishedBytes = 4 * maximumLineBytes;

const newline = 10;
const carriageReturn = 13;

/**
 * Reads comma-separated values (RFC 4180, in UTF-8, with a byte order mark or without; CRLF, LF or CR) as they come. Holds no more than some
 * hundred KiB of them, whatever they are.
 * @returns the lines, numbered as a spreadsheet numbers its rows: the first is 1, empty ones count, and line breaks in a cell do not. Empty ones
 *   have one empty cell.
 */
export async function* readCsv(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<readonly CsvLine[], void> {
  const lines: CsvLine[] = [];
  const parser = parse({
    bom: true,
    // Not the first one found for the whole file: files that several programs wrote have more than one.
    record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: maximumLineBytes,
    relax_column_count: true,
    on_record: (cells: string[]) => {
      lines.push({ number: count + 1, cells });
      count += 1;
      // Nothing goes to the readable side: where the parser fails, what waits there is lost.
      return undefined;
    },
  });
  parser.on('error', () => {});
  let count = 0;
  let unfinished = 0;

  for await (const piece of wholeLines(bytes)) {
    const fault = (await feed(parser, piece.bytes)) ?? piece.fault;
    // The parser keeps back the end of what it was given: only then the last whole line counts.
    if (piece.fault) await finish(parser);
    unfinished = lines.length > 0 ? 0 : unfinished + piece.bytes.length;
    const last = fault ?? (unfinished > maximumUnfinishedBytes ? csvRules.csv_line_too_long : undefined);
    if (last) lines.push({ number: count + 1, fault: last, values: { maximum: maximumLineBytes } });
    if (lines.length > 0) yield lines.splice(0);
    if (last) return;
  }
  const fault = await finish(parser);
  if (fault) lines.push({ number: count + 1, fault, values: { maximum: maximumLineBytes } });
  if (lines.length > 0) yield lines;
}

interface Piece {
  readonly bytes: Uint8Array;
  /** Why nothing can be read after them. */
  readonly fault?: FieldRule;
}

/** Cuts bytes where lines end, so that no character is cut in two, and looks whether they are UTF-8. */
async function* wholeLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Piece, void> {
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of cutUp(bytes)) {
    const known = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = lastLineEnd(known);
    if (end > 0) yield* checked(known.subarray(0, end));
    rest = known.subarray(end);
    if (rest.length > maximumLineBytes + pieceBytes) return yield { bytes: new Uint8Array(), fault: csvRules.csv_line_too_long };
  }
  if (rest.length > 0) yield* checked(rest);
}

/** Sizes of chunks are the client's; a body that is there at once comes as one. */
async function* cutUp(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of bytes) {
    for (let start = 0; start < chunk.length; start += pieceBytes) yield chunk.subarray(start, start + pieceBytes);
  }
}

function lastLineEnd(bytes: Uint8Array): number {
  return Math.max(bytes.lastIndexOf(newline), bytes.lastIndexOf(carriageReturn)) + 1;
}

function* checked(lines: Uint8Array): Generator<Piece, void> {
  if (isUtf8(lines)) return yield { bytes: lines };
  // Where exactly it stops being UTF-8, so that the line can be named.
  let start = 0;
  for (let end = lineEndAfter(lines, start); isUtf8(lines.subarray(start, end)); end = lineEndAfter(lines, start)) start = end;
  yield { bytes: lines.subarray(0, start), fault: csvRules.csv_not_utf8 };
}

function lineEndAfter(lines: Uint8Array, start: number): number {
  const place = lines.subarray(start).findIndex((byte) => byte === newline || byte === carriageReturn);
  return place === -1 ? lines.length : start + place + 1;
}

function feed(parser: Parser, bytes: Uint8Array): Promise<FieldRule | undefined> {
  return new Promise((resolve, reject) => {
    parser.write(bytes, (error) => settle(error, resolve, reject));
  });
}

function finish(parser: Parser): Promise<FieldRule | undefined> {
  return new Promise((resolve, reject) => {
    parser.once('error', (error) => settle(error, resolve, reject));
    parser.end(() => resolve(undefined));
  });
}

/** The parser's own sentence is dropped: it quotes the file. */
function settle(error: unknown, resolve: (fault?: FieldRule) => void, reject: (error: unknown) => void): void {
  if (!error) resolve();
  else if (error instanceof CsvError) resolve(error.code === 'CSV_MAX_RECORD_SIZE' ? csvRules.csv_line_too_long : csvRules.csv_quotes);
  else reject(error);
}
