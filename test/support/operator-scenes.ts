import assert from 'node:assert/strict';
import type { Role } from '../../src/operators/roles.ts';
import type { Application } from './application.ts';
import type { Answer } from './sign-up-client.ts';

/** Sends a request with one operator key. */
export type OperatorClient = (method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>) => Promise<Answer>;

/** @param key default: the local key, which may do everything. */
export function asOperator(application: Application, key: string = application.services.localKey): OperatorClient {
  return (method, path, body, headers) => application.send(method, path, body, { authorization: `Bearer ${key}`, ...headers });
}

export interface KeyMade {
  readonly id: number;
  readonly key: string;
  /** Sends requests with it. */
  readonly send: OperatorClient;
}

let keys = 0;

/** Makes an operator key over HTTP; no two keys that can be used have one label. */
export async function makeKey(application: Application, role: Role, label = `a test's ${role} ${++keys}`): Promise<KeyMade> {
  const { status, body } = await asOperator(application)('POST', '/admin/keys', { label, role });
  assert.equal(status, 201);
  const { id, key } = body as { id: number; key: string };
  return { id, key, send: asOperator(application, key) };
}

/** The items of a list's answer. */
export function itemsOf<Item = Readonly<Record<string, unknown>>>({ status, body }: Answer): readonly Item[] {
  assert.equal(status, 200);
  assert.ok(Array.isArray(body.items), 'the answer has no items');
  return body.items as Item[];
}

/**
 * Reads a list from its first page to its last.
 * @param path with its query, which has no cursor.
 * @returns the items, page by page.
 */
export async function readPages<Item = Readonly<Record<string, unknown>>>(
  send: OperatorClient,
  path: string,
): Promise<(readonly Item[])[]> {
  const pages: (readonly Item[])[] = [];
  let next: unknown = null;
  do {
    const answer = await send('GET', next === null ? path : `${path}${path.includes('?') ? '&' : '?'}cursor=${String(next)}`);
    pages.push(itemsOf<Item>(answer));
    next = answer.body.next;
    assert.ok(pages.length < 1_000, 'the list does not end');
  } while (next !== null);
  return pages;
}
