import { randomBytes } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Texts on disk, in the order in which they came. */
export interface TemporaryFile extends AsyncDisposable {
  append(text: string): Promise<void>;
  /** Everything from the beginning; may be read more than once. */
  texts(): AsyncIterable<string>;
}

/**
 * Opens a file in the system's folder for temporary files (`TMPDIR`). Its name is removed at once where the system allows it, so that a killed process
 * leaves nothing behind; on Windows it goes when the file is closed.
 * @throws the system's error where the folder cannot be written to.
 */
export async function openTemporaryFile(): Promise<TemporaryFile> {
  const name = path.join(tmpdir(), `chodae-${randomBytes(12).toString('hex')}`);
  const file = await open(name, 'wx+', 0o600);
  const remove = () => unlink(name).catch(() => undefined);
  await remove();
  const lengths: number[] = [];
  return {
    async append(text) {
      await file.appendFile(text);
      lengths.push(Buffer.byteLength(text));
    },
    async *texts() {
      let position = 0;
      for (const length of lengths) {
        yield await readText(file, position, length);
        position += length;
      }
    },
    async [Symbol.asyncDispose]() {
      await file.close();
      await remove();
    },
  };
}

async function readText(file: FileHandle, position: number, length: number): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, position);
  if (bytesRead < length) throw new Error('a temporary file is shorter than what was written to it');
  return buffer.toString();
}
