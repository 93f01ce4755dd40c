/** Collects the values of a statement while its text is being written. */
export interface Parameters {
  readonly values: readonly unknown[];
  /** @param type of PostgreSQL. @returns the place of the value in the text, such as `$3::bigint`. */
  add(value: unknown, type: string): string;
  /**
   * The same for what a window is bounded by. A scalar subquery hides the value from the planner, which then assumes a third of the table for each
   * comparison, whatever the statistics say (they may be from before a million rows were added), and so reads in the order of the index, stopping
   * early, and never everything to sort it.
   */
  hidden(value: unknown, type: string): string;
}

export function parameters(): Parameters {
  const values: unknown[] = [];
  const add: Parameters['add'] = (value, type) => `$${values.push(value)}::${type}`;
  return { values, add, hidden: (value, type) => `(SELECT ${add(value, type)})` };
}
