import { type Agent, request } from 'node:http';

/** How one request ended. */
export interface Outcome {
  /** The status; with the code of a refusal, such as `503 overloaded`; or what went wrong with the connection, such as `ECONNRESET`. */
  readonly what: string;
  readonly milliseconds: number;
  /** Parsed as JSON; undefined if there is none. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
  /** `Retry-After`; 0 if there is none. */
  readonly retryAfterSeconds: number;
}

export interface MeasuredRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a request over an agent of node's own client, which costs the measuring process little and sends nothing twice. Never rejects. */
export function measure(
  agent: Agent,
  baseUrl: string,
  { method, path, body, headers: more = {} }: MeasuredRequest,
  begun = performance.now(),
): Promise<Outcome> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  return new Promise((resolve) => {
    const end = (what: string, answered: Pick<Outcome, 'body' | 'retryAfterSeconds'> = { body: undefined, retryAfterSeconds: 0 }) =>
      resolve({ what, milliseconds: performance.now() - begun, ...answered });
    const sent = request(`${baseUrl}${path}`, { method, headers: { ...more, ...headers }, agent }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
      answer.once('end', () => {
        const read = asJson(Buffer.concat(chunks).toString());
        const code = typeof read?.code === 'string' ? ` ${read.code}` : '';
        end(`${answer.statusCode}${code}`, { body: read, retryAfterSeconds: Number(answer.headers['retry-after'] ?? 0) });
      });
    });
    sent.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    sent.end(text);
  });
}

function asJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** How long requests took, in milliseconds, by how they ended. */
export type Outcomes = Record<string, number[]>;

export function note(outcomes: Outcomes, { what, milliseconds }: Outcome): void {
  outcomes[what] ??= [];
  outcomes[what].push(milliseconds);
}

/** Puts those of a later round to the others. */
export function noteAll(outcomes: Outcomes, more: Outcomes): void {
  for (const [what, times] of Object.entries(more)) outcomes[what] = [...(outcomes[what] ?? []), ...times];
}

/** @returns how many ended in which way. */
export function counts(outcomes: Outcomes): Record<string, number> {
  return Object.fromEntries(Object.entries(outcomes).map(([what, times]) => [what, times.length]));
}

/**
 * @param share such as 0.99.
 * @returns the smallest value that this share of all does not exceed; 0 of none.
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
