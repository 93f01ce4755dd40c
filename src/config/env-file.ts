import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { editDistance } from '../rules/nearest-name.ts';
import { ConfigError, type Environment } from './read-config.ts';
import { settingRows } from './settings.ts';

/**
 * @returns the environment plus the variables of the folder's `.env` file, if there is one. As with `process.loadEnvFile`,
 *   a variable that is already set wins, even an empty one. The given environment is not modified.
 * @throws ConfigError if the file cannot be read, is not UTF-8, or cuts off a database address at an unquoted `#`.
 */
export function readEnvFile(folder: string, environment: Environment): Environment {
  const path = join(folder, '.env');
  const text = readIfPresent(path);
  if (text === undefined) return environment;
  const mistakes = cutAddresses(text, path, environment);
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return { ...parseEnv(text), ...definedOnly(environment) };
}

/** A byte order mark would become part of the first name; in a UTF-16 file of Windows PowerShell every other byte is NUL. */
function readIfPresent(path: string): string | undefined {
  const text = readOrThrow(path)?.replace(/^\uFEFF/, '');
  if (text?.includes('\0')) throw new ConfigError([`The file ${path} is not UTF-8 text: save it as UTF-8.`]);
  return text;
}

function readOrThrow(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'EISDIR') throw new ConfigError([`${path} is a folder, where a file with settings is expected: rename it.`]);
    throw new ConfigError([`The file ${path} cannot be read (${code}): let the user who starts the program read it, or remove it.`]);
  }
}

/** A `#` outside quotation marks begins a comment, so a password that contains one is cut off there. */
function cutAddresses(text: string, path: string, environment: Environment): string[] {
  return settingRows
    .filter(({ secret, name }) => secret && environment[name] === undefined)
    .filter(({ name }) => new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=[ \\t]*[^\\s"'\`#][^\\s#]*#`, 'm').test(text))
    .map(({ name }) => `${name} in ${path} ends at its first "#", which begins a comment there: write %23 for each "#" in the password.`);
}

function definedOnly(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined));
}

const assignment = /^\s*(?:export\s+)?([\w.-]+)\s*=/;

/**
 * @returns a sentence for each line of the `.env` file that is not read, and each name one or two letters from a setting. Values are not repeated.
 */
export function envFileWarnings(folder: string): string[] {
  const path = join(folder, '.env');
  const text = readIfPresent(path) ?? '';
  const names: readonly string[] = settingRows.map(({ name }) => name);
  // Values in quotation marks may have several lines.
  const bare = text.replace(/=\s*(["'`])[\s\S]*?\1/g, (value) => `=${'\n'.repeat(value.split('\n').length - 1)}`);
  return bare.split(/\r\n|\n|\r/).flatMap((line, index) => {
    if (/^\s*(?:#|$)/.test(line)) return [];
    const place = `Line ${index + 1} of ${path}`;
    const name = assignment.exec(line)?.[1];
    if (name === undefined) {
      const [, meant = ''] = /^\s*(?:set\s+|\$env:)?([A-Z][A-Z0-9_]*)\s*[:\s]/.exec(line) ?? [];
      return [`${place} is not read: write NAME=value${names.includes(meant) ? `, here ${meant}=…` : ''}.`];
    }
    const near = names.find((known) => editDistance(name.toUpperCase(), known) <= (known.length > 6 ? 2 : 1));
    return near === undefined || names.includes(name) ? [] : [`${place} sets ${name}, which is no setting: did you mean ${near}?`];
  });
}
