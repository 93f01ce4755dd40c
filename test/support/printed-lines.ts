const errorLevel = 50;

/**
 * Looks for output that a working program should not print: log lines of level error or above, and text on stderr.
 * @param allowed a line that matches one of these is expected.
 */
export function findUnexpectedLines(
  printed: { readonly stdout: string; readonly stderr: string },
  allowed: readonly RegExp[] = [],
): string[] {
  const errors = printed.stdout.split('\n').filter(isErrorLog);
  const complaints = printed.stderr.split('\n').filter((line) => isErrorLog(line) || isText(line));
  return [...errors, ...complaints].filter((line) => !allowed.some((pattern) => pattern.test(line)));
}

/** JSON with a level, whether levels are numbers or names. */
function isErrorLog(line: string): boolean {
  const level = logLevel(line);
  return (typeof level === 'number' && level >= errorLevel) || level === 'error' || level === 'fatal';
}

function isText(line: string): boolean {
  return line.trim() !== '' && logLevel(line) === undefined;
}

function logLevel(line: string): unknown {
  if (!line.startsWith('{')) return undefined;
  try {
    return (JSON.parse(line) as { level?: unknown }).level;
  } catch {
    return undefined;
  }
}
