import type { OutputStream } from './context.ts';
import { displayWidth } from './table.ts';

export interface ProgressLine {
  show(text: string): void;
  /** Takes the line away. */
  clear(): void;
}

const silent: ProgressLine = { show() {}, clear() {} };
/** Milliseconds between two texts. */
const pace = 100;

/**
 * A line on the terminal that says how far something has come; nothing where stderr is no terminal. Not the one of @clack/prompts (1.9), which
 * reads the keyboard meanwhile and ends the process with 0 at Ctrl-C.
 */
export function startProgressLine(output: Pick<OutputStream, 'isTTY' | 'columns' | 'write'>): ProgressLine {
  if (!output.isTTY) return silent;
  let shownAt = 0;
  return {
    show(text) {
      const now = performance.now();
      // A text that is broken into two lines could not be taken away.
      if (now - shownAt < pace || displayWidth(text) >= (output.columns ?? 80)) return;
      shownAt = now;
      output.write(`\r\x1b[K${text}`);
    },
    clear() {
      if (shownAt > 0) output.write('\r\x1b[K');
      shownAt = 0;
    },
  };
}
