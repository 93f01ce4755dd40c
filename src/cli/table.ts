import Table from 'cli-table3';
import { type Colour, type Output, painter } from './paint.ts';
import { printable } from './printable.ts';

export interface TableColumn {
  readonly title: string;
  readonly align?: 'right';
  /** On a terminal that is too narrow this column gives way: longer cells end in `…`. */
  readonly shrinks?: true;
  /** On a terminal with colours, of the cell in a row. */
  readonly colour?: (row: number) => Colour;
}

/** Where a table is written; `process.stdout` is one. */
export interface TableOutput extends Output {
  /** Only terminals have it. */
  readonly columns?: number;
}

const borderNames = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'] as const;
const otherNames = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'] as const;
const noBorders = Object.fromEntries([...borderNames, ...otherNames].map((name) => [name, '']));
const gap = '  ';
const narrowest = 8;

/**
 * Lays rows out in columns that are as wide on the screen as they look: Hangul takes two places. Cells are made printable.
 * On a terminal the titles are bold and the table fits the screen if it can; anywhere else nothing is cut.
 */
export function tableLines(columns: readonly TableColumn[], rows: readonly (readonly string[])[], output: TableOutput): string[] {
  const cells = [columns.map((column) => column.title), ...rows].map((row) => row.map(printable));
  const table = new Table({
    chars: { ...noBorders, middle: gap },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: columns.map((column) => column.align ?? 'left'),
    colWidths: output.isTTY ? widthsFor(columns, cells, output.columns ?? 80) : [],
  });
  const paint = painter(output);
  const [titles = [], ...rest] = cells;
  const painted = rest.map((row, index) => row.map((cell, at) => paintCell(cell, columns[at]?.colour?.(index))));
  table.push(
    titles.map((title) => paint('bold', title)),
    ...painted,
  );
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());

  function paintCell(cell: string, colour: Colour | undefined): string {
    return colour === undefined ? cell : paint(colour, cell);
  }
}

/** @returns a width for each column that has to give way; null for those that take what they need. */
function widthsFor(columns: readonly TableColumn[], cells: readonly string[][], available: number): (number | null)[] {
  const needed = columns.map((_, index) => Math.max(...cells.map((row) => displayWidth(row[index] ?? ''))));
  let excess = sum(needed) + gap.length * (columns.length - 1) - available;
  const widths: (number | null)[] = columns.map(() => null);
  // The last one first: the first columns are what a table is read by.
  for (let index = columns.length - 1; index >= 0 && excess > 0; index -= 1) {
    const width = needed[index] ?? 0;
    if (!columns[index]?.shrinks || width <= narrowest) continue;
    const smaller = Math.max(narrowest, width - excess);
    widths[index] = smaller;
    excess -= width - smaller;
  }
  return widths;
}

/** @returns how many places a text takes on the screen. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  // As cli-table3 counts, so that both agree: the line above its only cell is as long as the cell is wide.
  const table = new Table({ style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 } });
  table.push([text]);
  return table.width - 2;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
