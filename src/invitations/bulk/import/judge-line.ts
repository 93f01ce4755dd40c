import type { CountryCode } from 'libphonenumber-js';
import type { FieldError } from '../../../problems.ts';
import { acceptPhone } from '../../../rules/phone.ts';
import { type Accepted, accepted, refused } from '../../../rules/result.ts';
import { foldTypedNumber } from '../../../rules/typed-text.ts';
import { countCodePoints, hasUnusableCharacter, hasVisibleCharacter } from '../../../rules/well-formed-text.ts';
import { acceptCampaign, acceptNote } from '../../campaign-and-note.ts';
import { acceptCode, acceptCustomCode, codeRules, maximumCodeLength } from '../../code.ts';
import { acceptLifeSpan, settleLifeSpan } from '../../resolve-validity.ts';
import { csvRules } from './csv-rules.ts';
import { importRules } from './import-rules.ts';
import type { Header, ImportColumn } from './read-header.ts';

/** An invitation of a file as it is to be stored; moments in RFC 3339. */
interface ImportedInvitation {
  readonly code: string;
  readonly max_uses: number;
  readonly starts_at: string | null;
  readonly expires_at: string | null;
  readonly campaign: string | null;
  readonly note: string | null;
  /** E.164. */
  readonly phone: string | null;
}

/** What a line says, for the statements that store it. */
export interface ImportedLine extends ImportedInvitation {
  readonly line: number;
  /** Of an invitation that exists: its seats; null: as they are. */
  readonly wanted_uses: number | null;
  /** Of an invitation that exists: whether the line says when it ends. */
  readonly sets_end: boolean;
}

export interface JudgedLine {
  readonly line: number;
  /** As it is in the file: where there is an invitation with it, the line is right whatever else it says, and changes nothing. */
  readonly code: string;
  readonly invitation: Accepted<ImportedLine>;
  /** The code as a new invitation gets it. */
  readonly newCode: Accepted<string>;
  /** The line before it with a code that people cannot tell from this one. */
  readonly alikeLine?: number;
}

export interface Circumstances {
  /** By the database's clock. */
  readonly now: Date;
  readonly phoneRegion: CountryCode;
  /** Of times without an offset, an IANA name. */
  readonly timeZone: string;
  /** Whether codes are stored as the file has them, whatever they are made of. */
  readonly asTheyAre: boolean;
  /** Whether lines with codes that exist change their invitations. */
  readonly update: boolean;
}

const maximumSeats = 1_000_000;

/**
 * Judges a line below the first.
 * @returns refused where not even the code can be read.
 */
export function judgeLine(line: number, cells: readonly string[], header: Header, circumstances: Circumstances): Accepted<JudgedLine> {
  // Programs leave out empty cells at the end of a line, and spreadsheets add some.
  if (cells.slice(header.width).some((cell) => !isEmptyCell(cell))) {
    return refused({ field: '', rule: csvRules.csv_cells, values: { cells: cells.length, columns: header.width } });
  }
  const cell = (column: ImportColumn) => withoutApostrophe(cells[header.places.get(column) ?? -1] ?? '');
  const code = acceptCode(cell('code'));
  if (!code.ok) return { ok: false, errors: code.errors.map((error) => ({ ...error, field: 'code' })) };
  const invitation = judgeCells(line, cell, header, circumstances);
  return accepted({
    line,
    code: code.value,
    invitation,
    newCode: circumstances.asTheyAre ? acceptAsItIs(cell('code')) : acceptCustomCode(cell('code')),
  });
}

/** Whether a reader sees nothing in a cell. */
export function isEmptyCell(cell: string): boolean {
  return !hasVisibleCharacter(cell) && !hasUnusableCharacter(cell.trim());
}

/** A cell that a spreadsheet would calculate is exported with an apostrophe before it, and one that begins like that with one more. */
function withoutApostrophe(cell: string): string {
  return /^'+[=+\-@\t\r＝＋－＠]/.test(cell) ? cell.slice(1) : cell;
}

function judgeCells(
  line: number,
  cell: (column: ImportColumn) => string,
  { places }: Header,
  { now, phoneRegion, timeZone, asTheyAre, update }: Circumstances,
): Accepted<ImportedLine> {
  const filled = <Value>(column: ImportColumn, accept: (text: string) => Accepted<Value>): Accepted<Value | null> => {
    const text = cell(column);
    return isEmptyCell(text) ? accepted(null) : accept(text);
  };
  const trimmed = (column: ImportColumn) => foldTypedNumber(cell(column)) || null;
  // A code that exists is whatever it is; `newCode` is for the others.
  const code = asTheyAre || update ? acceptAsItIs(cell('code')) : acceptCustomCode(cell('code'));
  const seats = filled('max_uses', acceptSeats);
  const written = acceptLifeSpan(
    {
      starts_at: trimmed('starts_at'),
      expires_at: trimmed('expires_at'),
      valid_for: trimmed('valid_for'),
    },
    timeZone,
  );
  const lifeSpan = written.ok ? settleLifeSpan(now, written.value, { pastAllowed: true }) : written;
  const campaign = filled('campaign', acceptCampaign);
  const note = filled('note', acceptNote);
  const phone = filled('phone', (text) => acceptPhone(text, { region: phoneRegion }));
  if (!code.ok || !seats.ok || !lifeSpan.ok || !campaign.ok || !note.ok || !phone.ok) {
    return { ok: false, errors: [code, seats, lifeSpan, campaign, note, phone].flatMap(errorsOf) };
  }
  return accepted({
    line,
    wanted_uses: seats.value,
    sets_end: places.has('expires_at') || !isEmptyCell(cell('valid_for')),
    code: code.value,
    max_uses: seats.value ?? 1,
    starts_at: lifeSpan.value.startsAt?.toISOString() ?? null,
    expires_at: lifeSpan.value.expiresAt?.toISOString() ?? null,
    campaign: campaign.value,
    note: note.value,
    phone: phone.value?.e164 ?? null,
  });
}

/** Whatever a sign-up would find. */
function acceptAsItIs(text: string): Accepted<string> {
  const code = acceptCode(text);
  if (!code.ok) return { ok: false, errors: code.errors.map((error) => ({ ...error, field: 'code' })) };
  const isTooLong = countCodePoints(text) > maximumCodeLength;
  return isTooLong ? refused({ field: 'code', rule: codeRules.code_too_long, values: { maximum: maximumCodeLength } }) : code;
}

function acceptSeats(text: string): Accepted<number> {
  const typed = foldTypedNumber(text);
  const seats = /^\d{1,7}$/.test(typed) ? Number(typed) : 0;
  return seats >= 1 && seats <= maximumSeats ? accepted(seats) : refused({ field: 'max_uses', rule: importRules.seats_number });
}

function errorsOf(judged: Accepted<unknown>): readonly FieldError[] {
  return judged.ok ? [] : judged.errors;
}
