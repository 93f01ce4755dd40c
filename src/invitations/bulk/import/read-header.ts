import { nearestName } from '../../../rules/nearest-name.ts';
import { type Accepted, accepted, refused } from '../../../rules/result.ts';
import { foldWidth, withoutInvisible } from '../../../rules/typed-text.ts';
import { exportColumns } from '../export/columns.ts';
import { csvRules, maximumColumns } from './csv-rules.ts';

/** The columns that are read; those of our export are passed over. */
const importColumns = ['code', 'max_uses', 'starts_at', 'expires_at', 'valid_for', 'campaign', 'note', 'phone'] as const;
export type ImportColumn = (typeof importColumns)[number];

export interface Header {
  /** Cells of each line. */
  readonly width: number;
  /** Which cell has the value of a column, for the columns that are there. */
  readonly places: ReadonlyMap<ImportColumn, number>;
}

/**
 * Judges the first line: names in any order, whatever their case, width, spaces and hyphens. A name that is neither read nor one of the export's is an
 * error, because a misspelt column would make invitations that never end or let anybody in.
 */
export function readHeader(cells: readonly string[]): Accepted<Header> {
  if (cells.length > maximumColumns) {
    return refused({ field: '', rule: csvRules.csv_too_many_columns, values: { maximum: maximumColumns } });
  }
  const places = new Map<ImportColumn, number>();
  const unknown: string[] = [];
  for (const [place, cell] of cells.entries()) {
    const name = plainName(cell);
    const column = importColumns.find((known) => plainName(known) === name);
    if (column === undefined) {
      if (name !== '' && !exportColumns.some((known) => plainName(known.name) === name)) unknown.push(cell);
      continue;
    }
    if (places.has(column)) return refused({ field: column, rule: csvRules.csv_column_twice });
    places.set(column, place);
  }
  if (!places.has('code')) return refused({ field: 'code', rule: csvRules.csv_column_missing });
  const [first, ...others] = unknown.slice(0, maximumNamed).map(unknownColumn);
  return first ? refused(first, ...others) : accepted({ width: cells.length, places });
}

/** Unknown columns that are named. */
const maximumNamed = 20;

function unknownColumn(cell: string) {
  const shown = withoutInvisible(cell).trim();
  const near = nearestName(shown, importColumns);
  // Only letters: anything else may be a value, where the first line is missing.
  const field = /^[\p{L} _.-]{1,64}$/u.test(shown) ? shown : '';
  return near === undefined
    ? { field, rule: csvRules.csv_column_unknown, values: { known: importColumns.join(', ') } }
    : { field, rule: nearColumn, values: { near } };
}

const nearColumn = {
  ...csvRules.csv_column_unknown,
  message: {
    ko: '알 수 없는 열 이름입니다. {near}을(를) 쓰려고 했나요?',
    en: 'The first line names a column that is unknown. Did you mean {near}?',
  },
};

function plainName(cell: string): string {
  return withoutInvisible(foldWidth(cell))
    .toLowerCase()
    .replace(/[\s_\-.\p{Pd}]/gu, '');
}
