import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { clientGone } from './client-gone.ts';

const mediaType = 'application/x-ndjson';

/** An answer that is written while the work goes on: JSON lines, the first of which begins it. */
export interface LineAnswer {
  /** Aborts when the client goes away. */
  readonly gone: AbortSignal;
  /** Writes a line that the reader can do without: left out where they read too slowly, so that the work waits for nobody. */
  offer(line: object): void;
  /**
   * Writes lines as fast as the client reads.
   * @throws Error where the client has gone away.
   */
  send(lines: readonly object[]): Promise<void>;
}

/**
 * @returns the entry for `schema.response[200]`.
 * @param description of the lines.
 * @param example of an answer.
 */
export function linesAnswer(description: string, example: readonly object[]) {
  const lines = example.map((line) => `${JSON.stringify(line)}\n`).join('');
  return { description, content: { [mediaType]: { schema: z.string().meta({ examples: [lines] }) } } };
}

/**
 * Does some work that answers in lines, one at least. What it throws before the first line is refused as usual; later there is no status left to change,
 * and a line says it.
 * @param failed makes that line of the problem document.
 */
export async function answerInLines(
  reply: FastifyReply,
  work: (answer: LineAnswer) => Promise<void>,
  failed: (problem: object) => object,
): Promise<FastifyReply> {
  const lines = new PassThrough();
  // The client's going away is told by `gone`.
  lines.on('error', () => {});
  const gone = clientGone(reply);
  let isBegun = false;

  function write(all: readonly object[]): boolean {
    if (!isBegun) reply.type(`${mediaType}; charset=utf-8`).send(lines);
    isBegun = true;
    return lines.write(all.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }

  try {
    await work({
      gone,
      offer(line) {
        if (!gone.aborted && !lines.writableNeedDrain) write([line]);
      },
      async send(all) {
        gone.throwIfAborted();
        if (!write(all)) await once(lines, 'drain', { signal: gone });
      },
    });
  } catch (error) {
    if (!isBegun) throw error;
    if (!reply.raw.destroyed) write([failed(reply.problemOf(error))]);
  }
  lines.end();
  return reply;
}
