import fc from 'fast-check';
import { type HostileRequest, hostileRequest } from './hostile-requests.ts';
import { planted } from './hostile-values.ts';

/** One way to spoil the bytes of a request; `at` is a place in it, from 0 to 1. */
type Damage = (bytes: Buffer, at: number) => Buffer;

const place = (bytes: Buffer, at: number) => Math.floor(at * bytes.length);
const insert =
  (content: string): Damage =>
  (bytes, at) =>
    Buffer.concat([bytes.subarray(0, place(bytes, at)), Buffer.from(content, 'latin1'), bytes.subarray(place(bytes, at))]);
/** Puts fields behind the first line. */
const withFields =
  (fields: string): Damage =>
  (bytes) =>
    Buffer.from(bytes.toString('latin1').replace('\r\n', `\r\n${fields}`), 'latin1');
const rewrite =
  (pattern: RegExp, replacement: string): Damage =>
  (bytes) =>
    Buffer.from(bytes.toString('latin1').replace(pattern, replacement), 'latin1');

const damages: readonly Damage[] = [
  (bytes) => bytes,
  (bytes, at) => bytes.subarray(0, place(bytes, at)),
  (bytes, at) => bytes.subarray(place(bytes, at)),
  (bytes, at) => Buffer.concat([bytes.subarray(0, place(bytes, at)), bytes.subarray(place(bytes, at) + 1)]),
  (bytes, at) => Buffer.from(bytes).fill(Math.floor(at * 255), place(bytes, at), Math.min(bytes.length, place(bytes, at) + 1)),
  (bytes) => Buffer.concat([bytes, bytes]),
  ...['\0', '\r', '\n', '\r\n', '\r\n\r\n', ' ', '\t', ':', '\xff', planted, 'HTTP/1.1', '\x80\x81', '%', '#', '\\'].map(insert),
  ...[
    'Content-Length: 0\r\n',
    'Content-Length: 1, 2\r\n',
    'Content-Length: -1\r\n',
    'Content-Length: 99999999999999999999\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Transfer-Encoding: gzip, chunked\r\n',
    'Transfer-Encoding : chunked\r\n',
    'Transfer-Encoding:\r\n chunked\r\n',
    `Host: ${planted}\r\n`,
    'Content-Type: text/plain\r\n',
    'Expect: 100-continue\r\n',
    `Expect: ${planted}\r\n`,
    'Connection: Upgrade\r\nUpgrade: websocket\r\n',
    'Connection: keep-alive, Authorization\r\n',
    ` ${planted}: folded\r\n`,
    `${planted}\r\n`,
    'A: b\r\n'.repeat(150),
    `A: ${'b'.repeat(17_000)}\r\n`,
  ].map(withFields),
  rewrite(/HTTP\/1\.1/, 'HTTP/1.0'),
  rewrite(/HTTP\/1\.1/, 'HTTP/2.0'),
  rewrite(/HTTP\/1\.1/, 'HTTP/0.9'),
  rewrite(/ HTTP\/1\.1/, ''),
  rewrite(/\r\n/g, '\n'),
  rewrite(/Host: [^\r]*\r\n/, ''),
  rewrite(/content-length: \d+/i, 'Content-Length: 3'),
  rewrite(/content-length: \d+/i, 'Content-Length: 300'),
  rewrite(/^\S+/, 'CONNECT'),
  rewrite(/^\S+/, planted.toUpperCase()),
  rewrite(/^(\S+) /, `$1 http://${planted}`),
  rewrite(/^(\S+) \S+/, '$1 *'),
];

/** @returns the request as a client would send it; characters outside Latin-1 in its line and fields become question marks. */
export function bytesOf({ method, path, headers, body }: HostileRequest): Buffer {
  const content = Buffer.from((body ?? '') as string);
  const fields = Object.entries({ Host: 'localhost', ...headers, ...(content.length > 0 && { 'Content-Length': content.length }) });
  const head = [`${method} ${path} HTTP/1.1`, ...fields.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head.replace(/[^\0-\xff]/g, '?'), 'latin1'), content]);
}

/** Bytes for a socket: requests that were spoilt on their way, and some that never were any. The request is to be filled in before. */
export const hostileBytes: fc.Arbitrary<{ readonly request: HostileRequest; spoil(bytes: Buffer): Buffer }> = fc
  .record({
    request: hostileRequest,
    damage: fc.array(fc.tuple(fc.constantFrom(...damages), fc.double({ min: 0, max: 1, noNaN: true })), { minLength: 1, maxLength: 3 }),
    garbage: fc.option(fc.uint8Array({ maxLength: 300 }), { freq: 12, nil: undefined }),
  })
  .map(({ request, damage, garbage }) => ({
    request,
    spoil: (bytes) => (garbage ? Buffer.from(garbage) : damage.reduce((spoilt, [spoilOnce, at]) => spoilOnce(spoilt, at), bytes)),
  }));
