/** An answer that is longer than any of ours. */
export class TooLong extends Error {
  override readonly name = 'TooLong';
  /** For `explainSilence`. */
  readonly code = 'ANSWER_TOO_LONG';
}

/** Reads UTF-8. @param most bytes. @throws TooLong, and the source is ended. */
export async function readBounded(chunks: AsyncIterable<Buffer>, most: number): Promise<string> {
  const read: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > most) throw new TooLong();
    read.push(chunk);
  }
  return Buffer.concat(read).toString();
}
