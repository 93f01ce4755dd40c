import type { OutputStream } from './context.ts';

/** Writes to stdout as fast as its reader reads. @returns false where the reader has gone (`… | head`): nothing more is wanted. */
export async function writeOut(stdout: OutputStream, content: string | Uint8Array): Promise<boolean> {
  if (stdout.destroyed || stdout.errored) return false;
  if (stdout.write(content)) return true;
  await new Promise<void>((resolve) => {
    const goOn = () => {
      stdout.off('drain', goOn).off('close', goOn);
      resolve();
    };
    stdout.on('drain', goOn).on('close', goOn);
  });
  return !stdout.destroyed && !stdout.errored;
}
