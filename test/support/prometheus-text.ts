/** The samples of a scrape by name and labels, as they are written: `name{label="value"}`. */
export type Samples = ReadonlyMap<string, number>;

/**
 * Reads Prometheus' text format.
 * @throws Error for a line that is not in it.
 */
export function readSamples(text: string): Samples {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const [, name, value] = /^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
      if (name === undefined) throw new Error(`this is no sample: ${line}`);
      return [name, Number(value)];
    }),
  );
}

/** The sum over all labels of one metric. */
export function sumOf(samples: Samples, metric: string): number {
  return [...samples].filter(([name]) => name.split('{')[0] === metric).reduce((sum, [, value]) => sum + value, 0);
}
