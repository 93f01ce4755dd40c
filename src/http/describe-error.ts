/** What a log may record of an error: where it happened and its fixed names, never a value. */
export interface ErrorDescription {
  readonly name?: string;
  /** A constant such as `ECONNREFUSED` or `FST_ERR_…`. */
  readonly code?: string;
  readonly syscall?: string;
  /** The stack without its first lines, which contain the message. */
  readonly frames?: readonly string[];
  readonly sqlstate?: string;
  readonly constraint?: string;
  readonly table?: string;
  readonly routine?: string;
  readonly severity?: string;
  readonly cause?: ErrorDescription;
}

/** Deep enough for problem → query → driver → socket. */
const maximumCauses = 4;
const maximumFrames = 12;
const constant = /^[A-Za-z0-9_.:-]{1,64}$/;
const constantFields = ['name', 'code', 'syscall', 'sqlstate', 'constraint', 'table', 'routine', 'severity'] as const;
type ConstantField = (typeof constantFields)[number];
const frame = /^\s+at /;

/**
 * Describes anything that was thrown. Messages are never logged: PostgreSQL's contain the offending row, JSON.parse's
 * quote the body, and V8's quote values too (`Cannot use 'in' operator to search for 'x' in 010-1234-5678`).
 */
export function describeError(thrown: unknown, depth = 0): ErrorDescription {
  if (!(thrown instanceof Error)) return { name: typeof thrown };
  const properties = thrown as Error & Record<string, unknown>;
  const own = isDatabaseError(properties) ? databaseFields(properties) : programFields(properties);
  const cause = thrown.cause === undefined || depth >= maximumCauses ? undefined : describeError(thrown.cause, depth + 1);
  return { ...own, ...(cause && { cause }) };
}

/** pg and PGlite alike: the SQLSTATE in `code`, and a severity. */
function isDatabaseError(error: Record<string, unknown>): boolean {
  return typeof error.severity === 'string' && typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code);
}

function databaseFields({ code, constraint, table, routine, severity }: Record<string, unknown>): ErrorDescription {
  return constantsOf({ sqlstate: code, constraint, table, routine, severity });
}

function programFields(error: Error & Record<string, unknown>): ErrorDescription {
  const { name, code, syscall } = error;
  return { ...constantsOf({ name, code, syscall }), frames: stackFrames(error) };
}

function stackFrames(error: Error): string[] {
  const stack = typeof error.stack === 'string' ? error.stack : '';
  // A message may contain lines that look like frames, so it is removed by its length if the stack still contains it.
  const start = stack.indexOf(error.message) === -1 ? 0 : stack.indexOf(error.message) + error.message.length;
  const lines = stack.slice(start).split('\n');
  return lines
    .filter((line) => frame.test(line))
    .slice(0, maximumFrames)
    .map((line) => line.trim());
}

/** The fields whose value is a constant: any other text may hold what a client sent. */
function constantsOf(values: Partial<Record<ConstantField, unknown>>): ErrorDescription {
  const constants: Partial<Record<ConstantField, string>> = {};
  for (const field of constantFields) {
    const value = values[field];
    if (typeof value === 'string' && constant.test(value)) constants[field] = value;
  }
  return constants;
}
