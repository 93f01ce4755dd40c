import type { Readable, Writable } from 'node:stream';
import type { Language } from '../problems.ts';
import type { ExitCode } from './exit-codes.ts';

/** A stream that may be a terminal; `process.stdout` is one. */
export type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number; hasColors?(): boolean };

/** What a command gets in place of the globals of the process, so that tests can call it. */
export interface CommandContext {
  /** Without the program itself. */
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where `.env` is read. */
  readonly directory: string;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly language: Language;
  /** Aborts at SIGINT and SIGTERM. A command that never reads it is ended by them. */
  readonly signal: AbortSignal;
  /** Set by a command that ends without an error and has not succeeded. */
  exitCode: ExitCode;
}
