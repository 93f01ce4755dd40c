import { type Accepted, accepted, refused } from '../../../rules/result.ts';
import { csvRules, maximumColumns } from './csv-rules.ts';

/** The columns that are read; every other one is passed over, those of our export among them. */
const importColumns = ['code', 'max_uses', 'starts_at', 'expires_at', 'valid_for', 'campaign', 'note', 'phone'] as const;
export type ImportColumn = (typeof importColumns)[number];

export interface Header {
  /** Cells of each line. */
  readonly width: number;
  /** Which cell has the value of a column, for the columns that are there. */
  readonly places: ReadonlyMap<ImportColumn, number>;
}

/** Judges the first line: names in any order, in upper or lower case. */
export function readHeader(cells: readonly string[]): Accepted<Header> {
  if (cells.length > maximumColumns) {
    return refused({ field: '', rule: csvRules.csv_too_many_columns, values: { maximum: maximumColumns } });
  }
  const places = new Map<ImportColumn, number>();
  for (const [place, cell] of cells.entries()) {
    const column = importColumns.find((name) => name === cell.trim().toLowerCase());
    if (column === undefined) continue;
    if (places.has(column)) return refused({ field: column, rule: csvRules.csv_column_twice });
    places.set(column, place);
  }
  return places.has('code') ? accepted({ width: cells.length, places }) : refused({ field: 'code', rule: csvRules.csv_column_missing });
}
