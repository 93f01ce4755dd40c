/** Bytes; a line of ours has a few hundred. */
const longestLine = 1024 * 1024;

/** Reads NDJSON as it comes, a value a line; a last line without its end is none. */
export async function* readJsonLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > longestLine) throw new Error('a line of the answer does not end');
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line);
  }
}
