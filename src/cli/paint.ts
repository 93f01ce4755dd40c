import { styleText } from 'node:util';

/** Where lines go; `process.stdout` is one. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Only terminals have it. It knows NO_COLOR, FORCE_COLOR and TERM. */
  hasColors?(): boolean;
}

export type Colour = 'red' | 'green' | 'yellow' | 'bold' | 'dim';

/** @returns a function that colours text where the output is a terminal with colours, and leaves it alone elsewhere. */
export function painter(output: Output): (colour: Colour, text: string) => string {
  const coloured = output.isTTY === true && output.hasColors?.() === true;
  // Node 20 looks at no stream and later versions at stdout only, so the choice is made here for all of them.
  return (colour, text) => (coloured ? styleText(colour, text, { validateStream: false }) : text);
}
