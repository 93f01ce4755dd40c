import type { InjectOptions } from 'fastify';
import type { Application } from './application.ts';
import type { Answer } from './sign-up-client.ts';

/** An answer that is not one JSON document. */
export interface TextAnswer extends Answer {
  readonly text: string;
}

export type Line = Readonly<Record<string, unknown>>;

/** Sends and receives large bodies. */
export interface BulkClient {
  create(body: unknown, headers?: Readonly<Record<string, string>>): Promise<TextAnswer>;
  import(
    file: string | Uint8Array,
    options?: { readonly query?: string; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<TextAnswer>;
  /** @param query such as `format=ndjson&campaign=spring`. */
  export(query?: string): Promise<TextAnswer>;
}

/** @param key of an operator; default: the local key, which may do everything. */
export function bulkClient({ http, services }: Application, key: string = services.localKey): BulkClient {
  async function send(method: 'GET' | 'POST', url: string, headers: Readonly<Record<string, string>>, body?: string | Uint8Array) {
    const options: InjectOptions = { method, url, headers: { authorization: `Bearer ${key}`, ...headers } };
    const response = await http.inject(body === undefined ? options : { ...options, payload: Buffer.from(body) });
    const fields = new Headers();
    for (const [name, value] of Object.entries(response.headers)) fields.append(name, String(value));
    return { status: response.statusCode, headers: fields, text: response.payload, body: readBody(response.payload) };
  }
  return {
    create: (body, headers) =>
      send('POST', '/admin/invitations/bulk', { 'content-type': 'application/json', ...headers }, JSON.stringify(body)),
    import: (file, { query = '', headers } = {}) =>
      send('POST', `/admin/invitations/import${query && `?${query}`}`, { 'content-type': 'text/csv', ...headers }, file),
    export: (query = '') => send('GET', `/admin/invitations/export${query && `?${query}`}`, {}),
  };
}

/** @returns what stands in the lines of an answer. */
export function linesOf({ text }: TextAnswer): Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** @returns the lines of one event of a bulk request. */
export function eventsOf(answer: TextAnswer, event: string): Line[] {
  return linesOf(answer).filter((line) => line.event === event);
}

function readBody(text: string): Answer['body'] {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? (body as Answer['body']) : {};
  } catch {
    return {};
  }
}
