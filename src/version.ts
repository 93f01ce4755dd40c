import { readFileSync } from 'node:fs';

/** The version in package.json, which lies one folder up both from the sources and from the build. */
export const version: string = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
