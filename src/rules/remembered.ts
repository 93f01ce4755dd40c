/**
 * @param work a pure function.
 * @param most results that are kept; the oldest goes first.
 * @returns the function, which works out an argument only once while its result is kept.
 */
export function remembered<Result>(work: (text: string) => Result, most = 1_000): (text: string) => Result {
  const results = new Map<string, { readonly result: Result }>();
  return (text) => {
    const known = results.get(text);
    if (known) return known.result;
    const result = work(text);
    const [oldest] = results.size < most ? [] : results.keys();
    if (oldest !== undefined) results.delete(oldest);
    results.set(text, { result });
    return result;
  };
}
