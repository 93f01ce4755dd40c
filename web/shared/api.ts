import { language } from './language.ts';
import { readServerClock } from './server-clock.ts';

/** Milliseconds after which a request is given up. */
const patience = 20_000;

/** A problem (RFC 9457) as the service answers it; `startsAt`, `freeAt` and `missing` come with some codes. */
interface ProblemBody {
  readonly code: string;
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly field: string; readonly code: string; readonly message: string }[];
  readonly startsAt?: string;
  readonly freeAt?: string;
  readonly missing?: readonly string[];
}

export interface Refusal extends ProblemBody {
  readonly kind: 'refused';
  readonly status: number;
  /** Milliseconds that the server asks to wait; 0 if it asks for nothing. */
  readonly wait: number;
  /** For a report to the operator. */
  readonly requestId: string;
}

/** `lost`: no answer, or none from the service itself. The request may have been carried out. */
export type Answer<Body> = { readonly kind: 'done'; readonly body: Body } | Refusal | { readonly kind: 'lost' };

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  /** Sent as `Authorization: Bearer`. */
  readonly bearer?: string;
}

/** Sends one request and never throws. */
export async function send<Body>({ method, path, body, bearer }: Call): Promise<Answer<Body>> {
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), patience);
  try {
    const headers: Record<string, string> = { accept: 'application/json', 'accept-language': language() };
    if (body) headers['content-type'] = 'application/json';
    if (bearer) headers.authorization = `Bearer ${bearer}`;
    const response = await fetch(path, { method, headers, signal: giveUp.signal, ...(body && { body: JSON.stringify(body) }) });
    readServerClock(response.headers.get('date'));
    const answer = await response.json();
    if (response.ok) return { kind: 'done', body: answer };
    return {
      ...answer,
      kind: 'refused',
      status: response.status,
      wait: 1000 * (Number(response.headers.get('retry-after')) || 0),
      requestId: response.headers.get('x-request-id') ?? '',
    };
  } catch {
    return { kind: 'lost' };
  } finally {
    clearTimeout(timer);
  }
}
