import { type FileHandle, open, rm } from 'node:fs/promises';
import type { Sentence } from '../problems.ts';
import type { CommandContext, OutputStream } from './context.ts';
import { CommandError } from './exit-codes.ts';
import { translate } from './messages.ts';
import { escapeUnseen, printableLines } from './printable.ts';
import { writeOut } from './write-out.ts';

/** Where a command writes what was asked for: a new file, or stdout. */
export interface OutputFile {
  /** @returns false if the reader is gone. */
  write(content: string | Buffer): Promise<boolean>;
  /** Everything is there. */
  finish(): Promise<void>;
  /** Removes what there is, so that a part is not taken for the whole. After `finish` it does nothing. */
  discard(): Promise<void>;
}

const sentences = {
  exists: {
    ko: '{file}이(가) 이미 있습니다. 다른 이름을 쓰거나 그 파일을 지우세요.',
    en: '{file} exists already: choose another name, or remove it.',
  },
  failed: { ko: '{file}: 쓸 수 없습니다({reason}).', en: '{file} cannot be written ({reason}).' },
} satisfies Record<string, Sentence>;

/**
 * Opens what is to be written before anything is asked for, so that no answer is lost for want of a file.
 * @param file `-` is stdout, where JSON lines come escaped and CSV is made printable for a terminal; a file is its owner's alone, because codes let people in.
 * @throws CommandError where the file exists already, or cannot be made.
 */
export async function openOutputFile(
  file: string,
  { language, stdout }: Pick<CommandContext, 'language' | 'stdout'>,
  format: 'csv' | 'ndjson',
): Promise<OutputFile> {
  if (file === '-') return standardOutput(stdout, format);
  const failed = (error: unknown) => {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return new CommandError(
      translate({ sentence: code === 'EEXIST' ? sentences.exists : sentences.failed, values: { file, reason: code } }, language),
    );
  };
  const handle: FileHandle = await open(file, 'wx', 0o600).catch((error: unknown) => {
    throw failed(error);
  });
  let isOpen = true;
  return {
    async write(content) {
      await handle.appendFile(content).catch((error: unknown) => {
        throw failed(error);
      });
      return true;
    },
    async finish() {
      isOpen = false;
      await handle.close();
    },
    async discard() {
      if (!isOpen) return;
      isOpen = false;
      await handle.close();
      await rm(file, { force: true });
    },
  };
}

/** Redirected CSV stays as it is. */
function standardOutput(stdout: OutputStream, format: 'csv' | 'ndjson'): OutputFile {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const isRaw = format === 'csv' && !stdout.isTTY;
  const shown = (text: string) => (format === 'csv' ? printableLines(text) : escapeUnseen(text));
  const textOf = (content: string | Buffer) => (typeof content === 'string' ? content : decoder.decode(content, { stream: true }));
  return { write: (content) => writeOut(stdout, isRaw ? content : shown(textOf(content))), async finish() {}, async discard() {} };
}
