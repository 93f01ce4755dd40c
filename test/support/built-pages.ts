import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { temporaryFolder } from './temporary.ts';

/** What stands where the build of `web` puts its pages, as far as the server is concerned. */
export const builtScript = `console.log(${JSON.stringify('a script '.repeat(500))});\n`;
export const builtPage = `<!doctype html>
<html lang="ko">
  <head>
    <meta charset="utf-8">
    <!--chodae:head-->
    <script type="application/json" id="settings">{}</script>
    <script type="module" src="/assets/signup-4f2a.js"></script>
    <link rel="stylesheet" href="/assets/signup-9c1b.css">
  </head>
  <body><div id="app"></div></body>
</html>
`;

/** @returns the path of a folder like `dist/web`; it is removed when the process ends. */
export function builtPages(): string {
  const { path: folder } = temporaryFolder('pages');
  for (const name of ['assets', 'signup']) mkdirSync(path.join(folder, name));
  const write = (name: string, content: string | Buffer) => writeFileSync(path.join(folder, name), content);
  write('signup/index.html', builtPage);
  write('assets/signup-4f2a.js', builtScript);
  write('assets/signup-4f2a.js.br', brotliCompressSync(builtScript));
  write('assets/signup-4f2a.js.gz', gzipSync(builtScript));
  write('assets/signup-9c1b.css', ':root { color: black }\n');
  write('assets/notes.txt', 'not served');
  write('secret.json', '{}');
  return folder;
}

/** @returns the beginning of a PNG of that size: what reading the size needs. */
export function samplePng(width: number, height: number): Buffer {
  const body = Buffer.alloc(64);
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]).copy(body);
  body.write('IHDR', 12, 'latin1');
  body.writeUInt32BE(width, 16);
  body.writeUInt32BE(height, 20);
  return body;
}
