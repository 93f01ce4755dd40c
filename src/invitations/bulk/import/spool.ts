import { randomBytes } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Texts that wait outside of memory, in the order in which they came. */
export interface Spool extends AsyncDisposable {
  add(text: string): Promise<void>;
  /** Everything from the beginning; may be read more than once. */
  texts(): AsyncIterable<string>;
}

/**
 * Opens a file in the system's folder for temporary files (`TMPDIR`) that only this process can find: its name is taken away at once where the
 * system allows it, so that nothing is left whatever becomes of the process. On Windows it goes when the spool is disposed.
 * @throws the system's error where the folder cannot be written to.
 */
export async function openSpool(): Promise<Spool> {
  const name = path.join(tmpdir(), `chodae-${randomBytes(12).toString('hex')}`);
  const file = await open(name, 'wx+', 0o600);
  const isNameless = await removed(name);
  const lengths: number[] = [];
  let end = 0;
  return {
    async add(text) {
      const bytes = Buffer.from(text);
      await writeWhole(file, bytes, end);
      lengths.push(bytes.length);
      end += bytes.length;
    },
    async *texts() {
      let position = 0;
      for (const length of lengths) {
        yield await readWhole(file, position, length);
        position += length;
      }
    },
    async [Symbol.asyncDispose]() {
      await file.close();
      if (!isNameless) await removed(name);
    },
  };
}

async function removed(name: string): Promise<boolean> {
  return unlink(name).then(
    () => true,
    () => false,
  );
}

async function writeWhole(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += (await file.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
  }
}

async function readWhole(file: FileHandle, position: number, length: number): Promise<string> {
  const bytes = Buffer.allocUnsafe(length);
  for (let read = 0; read < length; ) {
    const { bytesRead } = await file.read(bytes, read, length - read, position + read);
    if (bytesRead === 0) throw new Error('a temporary file is shorter than what was written to it');
    read += bytesRead;
  }
  return bytes.toString();
}
