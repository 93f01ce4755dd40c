/** Bytes; a line of ours has a few hundred. */
const longestLine = 1024 * 1024;

/**
 * Reads NDJSON as it comes, a value a line; a last line without its end is none.
 * @param refusal makes what is thrown where a line is no JSON, or does not end.
 */
export async function* readJsonLines(chunks: AsyncIterable<Buffer>, refusal: () => Error): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > longestLine) throw refusal();
    for (const line of lines) if (line.trim() !== '') yield parseJson(line, refusal);
  }
}

function parseJson(line: string, refusal: () => Error): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw refusal();
  }
}
