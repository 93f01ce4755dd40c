import { until } from '../../../database/database.ts';
import { startDeadline } from '../../../deadline.ts';
import type { FieldError } from '../../../problems.ts';
import { requestLimit } from '../../../time-limits.ts';
import { type Collision, collisionsOf } from '../../code-collisions.ts';
import type { InvitationServices } from '../../dependencies.ts';
import { databaseNow } from '../../store.ts';
import { revokedCampaigns } from '../store.ts';
import { csvRules, maximumLines } from './csv-rules.ts';
import { importRules } from './import-rules.ts';
import { type ImportedLine, isEmptyCell, type JudgedLine, judgeLine } from './judge-line.ts';
import { type CsvLine, readCsv } from './read-csv.ts';
import { type Header, type ImportColumn, readHeader } from './read-header.ts';
import { seenCodes } from './seen-codes.ts';
import { takenCodes } from './store.ts';
import type { TemporaryFile } from './temporary-file.ts';

/** Lines that are judged together, and later inserted. */
const linesAtOnce = 1_000;
/** Errors that are named; the others are counted. */
export const maximumErrors = 100;

/** How a file is meant. */
export interface ImportMode {
  /** Whether codes are stored as the file has them. */
  readonly asTheyAre: boolean;
  /** Whether lines with codes that exist change their invitations; otherwise those are left as they are. */
  readonly update: boolean;
}

export interface JudgedFile {
  /** Below the first, empty ones aside. */
  readonly lines: number;
  /** The first of them. */
  readonly errors: readonly FieldError[];
  readonly errorCount: number;
  /** The columns that are read and that the file has. */
  readonly columns: readonly ImportColumn[];
}

/** What a line says, or what is wrong with it in any case. */
type Judged = JudgedLine | { readonly line: number; readonly errors: readonly FieldError[] };

/**
 * Judges every line of a file before anything is stored, in flat memory: what is right goes to the temporary file, as JSON arrays of `ImportedLine`.
 * The whole file is taken in any case, so that the client gets to read the answer.
 */
export async function judgeFile(
  { database, phoneRegion, timeZone }: Pick<InvitationServices, 'database' | 'phoneRegion' | 'timeZone'>,
  bytes: AsyncIterable<Uint8Array>,
  file: TemporaryFile,
  mode: ImportMode,
): Promise<JudgedFile> {
  // A new deadline for each statement: the file may take minutes to arrive.
  const asked = () => until(startDeadline(requestLimit), database);
  const circumstances = { now: await databaseNow(asked()), phoneRegion, timeZone, ...mode };
  const note = seenCodes();
  const errors: FieldError[] = [];
  let errorCount = 0;
  let lines = 0;
  let header: Header | undefined;
  let isOver = false;

  /** @returns undefined where there is nothing to say: the first line, and empty ones. */
  function judge(line: CsvLine): Judged | undefined {
    const { number } = line;
    const last = (error: FieldError): Judged => {
      isOver = true;
      return { line: number, errors: [error] };
    };
    if ('fault' in line) return last({ field: '', rule: line.fault, values: line.values });
    if (number > maximumLines + 1) return last({ field: '', rule: csvRules.csv_too_many_lines, values: { maximum: maximumLines } });
    if (line.cells.every(isEmptyCell)) return undefined;
    if (!header) {
      const read = readHeader(line.cells);
      if (!read.ok) {
        isOver = true;
        return { line: number, errors: read.errors };
      }
      header = read.value;
      return undefined;
    }
    lines += 1;
    const judged = judgeLine(number, line.cells, header, circumstances);
    if (!judged.ok) return { line: number, errors: judged.errors };
    const before = note(judged.value.code, number);
    if (before?.isSame) return { line: number, errors: [{ field: 'code', rule: importRules.code_twice, values: { line: before.line } }] };
    return before ? { ...judged.value, alikeLine: before.line } : judged.value;
  }

  /** Asks the database what only it knows about some lines, and keeps what is right. */
  async function settle(some: readonly Judged[]): Promise<void> {
    const revoked = await revokedAmong(some);
    const alike = await collidingAmong(some);
    const taken = await takenAmong(some, revoked, alike);
    const right: ImportedLine[] = [];
    for (const judged of some) {
      const exists = 'code' in judged && taken.has(judged.code);
      if (exists && !mode.update) continue;
      const broken = exists ? brokenInExisting(judged) : brokenRules(judged, revoked, alike);
      errorCount += broken.length;
      for (const error of broken.slice(0, maximumErrors - errors.length)) errors.push({ ...error, line: judged.line });
      if (broken.length > 0 || !('code' in judged) || !judged.invitation.ok) continue;
      right.push(
        exists || !judged.newCode.ok
          ? { ...judged.invitation.value, code: judged.code }
          : { ...judged.invitation.value, code: judged.newCode.value },
      );
    }
    // Where one line is wrong, none is stored.
    if (errorCount === 0 && right.length > 0) await file.append(JSON.stringify(right));
  }

  /** What depends on the invitation itself is told when it is changed. */
  function brokenInExisting({ invitation, alikeLine }: JudgedLine): readonly FieldError[] {
    if (!invitation.ok) return invitation.errors;
    return alikeLine === undefined ? [] : [{ field: 'code', rule: importRules.code_alike_in_file, values: { line: alikeLine } }];
  }

  function brokenRules(judged: Judged, revoked: ReadonlySet<string>, alike: ReadonlyMap<string, Collision>): readonly FieldError[] {
    if (!('code' in judged)) return judged.errors;
    const { invitation, newCode, alikeLine } = judged;
    if (!invitation.ok) return invitation.errors;
    if (!newCode.ok) return newCode.errors;
    if (revoked.has(invitation.value.campaign ?? '')) return [{ field: 'campaign', rule: importRules.campaign_revoked }];
    if (alikeLine !== undefined) return [{ field: 'code', rule: importRules.code_alike_in_file, values: { line: alikeLine } }];
    const other = alike.get(invitation.value.code)?.other_code;
    return other === undefined ? [] : [{ field: 'code', rule: importRules.code_alike, values: { other } }];
  }

  async function collidingAmong(some: readonly Judged[]): Promise<ReadonlyMap<string, Collision>> {
    const codes = some.flatMap((judged) => ('code' in judged && judged.invitation.ok ? judged.invitation.value.code : []));
    return codes.length > 0 ? collisionsOf(asked(), codes) : new Map();
  }

  async function revokedAmong(some: readonly Judged[]): Promise<ReadonlySet<string>> {
    const campaigns = some.flatMap((judged) => ('code' in judged && judged.invitation.ok ? (judged.invitation.value.campaign ?? []) : []));
    return campaigns.length > 0 ? revokedCampaigns(asked(), [...new Set(campaigns)]) : new Set();
  }

  /** Only of the lines that are wrong, or would be stored in another spelling: for them it makes a difference. */
  async function takenAmong(
    some: readonly Judged[],
    revoked: ReadonlySet<string>,
    alike: ReadonlyMap<string, Collision>,
  ): Promise<ReadonlySet<string>> {
    const doubtful = some.filter(
      (judged) =>
        'code' in judged &&
        (mode.update ||
          !judged.invitation.ok ||
          judged.alikeLine !== undefined ||
          judged.invitation.value.code !== judged.code ||
          alike.has(judged.invitation.value.code) ||
          revoked.has(judged.invitation.value.campaign ?? '')),
    ) as readonly JudgedLine[];
    return doubtful.length > 0
      ? takenCodes(
          asked(),
          doubtful.map(({ code }) => code),
        )
      : new Set();
  }

  const source = unclosed(bytes);
  for await (const some of inGroups(readCsv(source), linesAtOnce)) {
    await settle(some.flatMap((line) => (isOver ? [] : (judge(line) ?? []))));
    if (isOver) break;
  }
  if (!header && errorCount === 0) {
    errors.push({ field: 'code', rule: csvRules.csv_column_missing, line: 1 });
    errorCount += 1;
  }
  for await (const _rest of source);
  return { lines, errors, errorCount, columns: [...(header?.places.keys() ?? [])] };
}

/** The same bytes; a reader that stops does not end them for others. */
function unclosed(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) };
}

async function* inGroups<Item>(arrays: AsyncIterable<readonly Item[]>, size: number): AsyncGenerator<readonly Item[], void> {
  let group: Item[] = [];
  for await (const items of arrays) {
    for (const item of items) {
      group.push(item);
      if (group.length < size) continue;
      yield group;
      group = [];
    }
  }
  if (group.length > 0) yield group;
}
