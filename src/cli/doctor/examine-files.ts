import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { settingRows } from '../../config/settings.ts';
import { folderMode, isOurs, modeReadableByOthers, replaceableIn } from '../../database/embedded-permissions.ts';
import { type Finding, pages } from './finding.ts';

const named = { name: 'files', page: pages.files };

/** Looks at what other users of this machine can read: the embedded database, the `.env` file of this folder, the private key of TLS. */
export function examineFiles(config: Config, directory: string): Finding[] {
  const findings = [
    ...(config.database.kind === 'embedded' ? folderFindings(config.database.directory) : []),
    ...envFindings(join(directory, '.env')),
    ...keyFindings(config.http.tls?.key),
  ];
  if (findings.length > 0) return findings;
  const message =
    process.platform === 'win32' ? 'not looked at on Windows' : 'no other user of this machine can read data, settings or keys';
  return [{ ...named, verdict: 'ok', message }];
}

function folderFindings(directory: string): Finding[] {
  const findings: Finding[] = [];
  const mode = folderMode(directory);
  if (mode !== undefined) {
    findings.push({
      ...named,
      verdict: isOurs(directory) ? 'warning' : 'problem',
      message: `other users of this machine can enter ${directory} (mode ${mode}) and read the database`,
      advice: isOurs(directory)
        ? `The next start closes it; or run: chmod 700 ${directory}`
        : `The service does not start there. Run, as its owner: chmod 700 ${directory}`,
    });
  }
  const above = replaceableIn(directory);
  if (above !== undefined) {
    findings.push({
      ...named,
      verdict: 'warning',
      message: `other users of this machine can write to ${above}, and so put a database of their own in place of ${directory}`,
      advice: `Run: chmod o-w,g-w ${above}; or set DATA_DIR to a folder elsewhere.`,
    });
  }
  return findings;
}

/** Also a key for `--url`, which is no setting of the service. */
const secrets = [...settingRows.filter(({ secret }) => secret).map(({ name }) => name), 'CHODAE_OPERATOR_KEY'];

function envFindings(path: string): Finding[] {
  const mode = modeReadableByOthers(path);
  if (mode === undefined) return [];
  const text = readFileSync(path, 'utf8');
  const held = secrets.filter((name) => new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=[ \\t]*\\S`, 'm').test(text));
  if (held.length === 0) return [];
  const message = `other users of this machine can read ${path} (mode ${mode}), which has ${held.join(', ')}`;
  return [{ ...named, verdict: 'warning', message, advice: `Run: chmod 600 ${path}` }];
}

function keyFindings(path: string | undefined): Finding[] {
  const mode = path === undefined ? undefined : modeReadableByOthers(path);
  if (mode === undefined) return [];
  const message = `other users of this machine can read the private key ${path} (mode ${mode})`;
  return [{ ...named, verdict: 'warning', message, advice: `Run: chmod 600 ${path}` }];
}
