/** How long a part takes. */
export interface Extent {
  /** One short round of small tables, only to see that it works. */
  readonly isQuick: boolean;
  readonly rounds: number;
  /** Of each measurement. */
  readonly seconds: number;
}

/** Something measured in every round. */
export interface Measurement {
  readonly name: string;
  /** Brings the tables into the state in which each round begins. */
  prepare?(): Promise<void>;
  /** @returns figures by name, such as `rate`. */
  measure(): Promise<Readonly<Record<string, number>>>;
}

/** The figures of all rounds, by name. */
export interface Row {
  readonly name: string;
  readonly figures: Readonly<Record<string, readonly number[]>>;
}

/** Measures all candidates in every round, so that whatever else the machine does meets all alike. A first round only warms up. */
export async function interleave(rounds: number, measurements: readonly Measurement[]): Promise<Row[]> {
  const rows = measurements.map(({ name }) => ({ name, figures: {} as Record<string, number[]> }));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, { prepare, measure, name }] of measurements.entries()) {
      await prepare?.();
      const measured = await measure();
      console.error(`round ${round} | ${name} | ${JSON.stringify(measured)}`);
      if (round === 0) continue;
      for (const [figure, value] of Object.entries(measured)) {
        const figures = rows[index]?.figures as Record<string, number[]>;
        figures[figure] = [...(figures[figure] ?? []), value];
      }
    }
  }
  return rows;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? Number.NaN) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** @returns a figure of a row, round by round; empty where there is no such row. */
export function figuresOf(rows: readonly Row[], name: string, figure: string): readonly number[] {
  return rows.find((row) => row.name === name)?.figures[figure] ?? [];
}

/** Combines the figures of two rows, round by round. */
export function eachRound(
  left: readonly number[],
  right: readonly number[],
  combine: (left: number, right: number) => number,
): readonly number[] {
  return left.flatMap((value, round) => (right[round] === undefined ? [] : [combine(value, right[round])]));
}

export const ratio = (left: readonly number[], right: readonly number[]) => eachRound(left, right, (above, below) => above / below);
