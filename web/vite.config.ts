import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  root: file('.'),
  base: '/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: file('../dist/web'),
    emptyOutDir: true,
    target: ['safari15.4', 'chrome108'],
    // Nothing inline: the pages' Content-Security-Policy allows files of this server only.
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
    rolldownOptions: { input: [file('signup/index.html')] },
  },
});
