import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';

const mediaType = 'application/x-ndjson';

/** A response written while the work goes on: JSON lines, the first of which sends the status. */
export interface LineAnswer {
  /** Aborts when the client disconnects. */
  readonly gone: AbortSignal;
  /** Writes an optional line: skipped if the client reads too slowly, so that the work does not wait. */
  offer(line: object): void;
  /**
   * Writes lines as fast as the client reads.
   * @throws Error if the client has disconnected.
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
 * Does work that answers in lines, at least one. An error before the first line gets a normal error response; later the status is already sent,
 * and a last line reports it.
 * @param failed makes that line from the problem document.
 */
export async function answerInLines(
  reply: FastifyReply,
  work: (answer: LineAnswer) => Promise<void>,
  failed: (problem: object) => object,
): Promise<FastifyReply> {
  const lines = new PassThrough();
  // A disconnected client is reported by `gone`.
  lines.on('error', () => {});
  const { gone } = reply.request.deadline;
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
