import { METHODS } from 'node:http';
import type { Canaries } from './canaries.ts';
import { exchange } from './raw-http.ts';
import { type Answer, signUpClient } from './sign-up-client.ts';

/** Sends requests that are full of canaries, and counts the answers by status. */
export interface CanarySender {
  readonly statuses: ReadonlyMap<number, number>;
  /** A whole sign-up, the last step three times: as it was, in another spelling, with another number. */
  signUp(code: string, phone?: string): Promise<void>;
  /** Bodies whose every member is wrong in some way. */
  sendWrongValues(sessionId: string): Promise<void>;
  sendHeaders(): Promise<void>;
  sendAddresses(): Promise<void>;
  sendMalformed(): Promise<void>;
}

const headerNames = ['user-agent', 'authorization', 'cookie', 'referer', 'x-forwarded-for', 'forwarded', 'accept-language', 'origin'];
const moreHeaderNames = ['x-request-id', 'traceparent', 'content-encoding', 'accept', 'from', 'x-real-ip', 'via', 'if-none-match', 'range'];

export function canarySender(url: string, canaries: Canaries): CanarySender {
  const client = signUpClient(url);
  const port = Number(new URL(url).port);
  const statuses = new Map<number, number>();
  const count = (status: number) => statuses.set(status, (statuses.get(status) ?? 0) + 1);

  async function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const answer = await client.send(method, path, body, { 'x-canary': canaries.word(), ...headers });
    count(answer.status);
    return answer;
  }

  async function sendRaw(text: string): Promise<void> {
    for (const [, status] of (await exchange(port, text)).matchAll(/HTTP\/1\.1 (\d{3}) /g)) count(Number(status));
  }

  async function signUp(code: string, phone = canaries.phone()): Promise<void> {
    const verified = await send('POST', '/auth/invitation/verify', { invitation_code: code, note: canaries.word() });
    const session_id = verified.body.sessionId ?? canaries.word();
    canaries.note(session_id);
    const session = { authorization: `Bearer ${session_id}` };
    await send('PUT', '/auth/register/name', {
      session_id,
      name: `홍 ${canaries.word()}`,
      password: `${canaries.word()} 강물`,
      role: canaries.word(),
    });
    await send('PUT', '/auth/register/birthday', { session_id, birthday: canaries.birthday() });
    await send('GET', '/auth/register/session', undefined, session);
    await send('POST', '/auth/register/session/renew', undefined, session);
    for (const typed of [phone, phone.replaceAll('-', ''), canaries.phone()])
      await send('PUT', '/auth/register/phone', { session_id, phone: typed });
    await send('DELETE', '/auth/register/session', undefined, session);
  }

  async function sendWrongValues(session_id: string): Promise<void> {
    const word = () => canaries.word();
    const wrong = [
      () => [word()],
      () => ({ [word()]: word() }),
      () => `\u202e${word()}`,
      () => `${word()}\0`,
      () => word().repeat(40),
      () => `\ud800${word()}`,
    ];
    for (const value of wrong) {
      await send('POST', '/auth/invitation/verify', { invitation_code: value() });
      await send('PUT', '/auth/register/name', { session_id, name: value(), password: value() });
      await send('PUT', '/auth/register/name', { session_id: value(), name: word(), password: word() });
      await send('PUT', '/auth/register/birthday', { session_id, birthday: value() });
      await send('PUT', '/auth/register/phone', { session_id, phone: value() });
      await send('PUT', '/auth/register/phone', { session_id: word(), phone: canaries.phone() });
    }
    await send('PUT', '/auth/register/name', { session_id, name: word().repeat(1_000), password: word() });
    await send('PUT', '/auth/register/birthday', { session_id, birthday: `${canaries.birthday()}T00:00:00` });
    await send('PUT', '/auth/register/phone', { session_id, phone: `${canaries.phone()}0` });
  }

  async function sendHeaders(): Promise<void> {
    for (const name of [...headerNames, ...moreHeaderNames]) {
      await send('GET', '/auth/register/session', undefined, { [name]: canaries.word() });
      await send('GET', '/docs/static/index.css', undefined, { [name]: `bytes=${canaries.word()}` });
      await send('POST', '/auth/invitation/verify', { invitation_code: canaries.word() }, { [name]: canaries.word() });
    }
    await send('GET', '/auth/register/session', undefined, { authorization: `Bearer ${canaries.word()}` });
    await send('POST', '/auth/invitation/verify', '{}', { 'content-type': `text/${canaries.word()}` });
  }

  async function sendAddresses(): Promise<void> {
    const word = () => canaries.word();
    const paths = [() => `/${word()}`, () => `/problems/${word()}`, () => `/docs/static/${word()}`, () => `/healthz?${word()}=${word()}`];
    for (const path of [
      ...paths,
      () => `/auth/register/session?session_id=${word()}`,
      () => `/%zz${word()}`,
      () => `/auth//${word()}/${word()}`,
    ]) {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD']) await send(method, path());
    }
    for (const method of METHODS.filter((one) => one !== 'CONNECT')) {
      await sendRaw(`${method} /${word()} HTTP/1.1\r\nHost: ${word()}\r\nX: ${word()}\r\nConnection: close\r\n\r\n`);
    }
  }

  async function sendMalformed(): Promise<void> {
    const word = () => canaries.word();
    const bodies = [`{"name":"${word()}`, `{"${word()}":1,}`, `${word()}`, `{"name":"a","name":"${word()}"}`, `{"__proto__":"${word()}"}`];
    for (const body of bodies) for (const step of ['name', 'birthday', 'phone']) await send('PUT', `/auth/register/${step}`, body);
    const put = (fields: string, body: string) =>
      `PUT /auth/register/name HTTP/1.1\r\nHost: ${word()}\r\nContent-Type: application/json\r\n${fields}Connection: close\r\n\r\n${body}`;
    await sendRaw(`${word()}\r\n\r\n`);
    await sendRaw(`GET /${word()} ${word()} HTTP/1.1\r\n\r\n`);
    await sendRaw(`${word().toUpperCase()} / HTTP/1.1\r\nHost: x\r\n\r\n`);
    await sendRaw(`CONNECT ${word()}:443 HTTP/1.1\r\nHost: ${word()}\r\n\r\n`);
    await sendRaw(`GET / HTTP/1.1\r\nHost: x\r\n${word()}\r\n\r\n`);
    await sendRaw(`GET / HTTP/1.1\r\nHost: x\r\nX: ${word().repeat(1_000)}\r\n\r\n`);
    await sendRaw(put('Content-Length: 3\r\nContent-Length: 4\r\n', word()));
    await sendRaw(put('Transfer-Encoding: chunked\r\n', `${word()}\r\n`));
    await sendRaw(put(`Transfer-Encoding: ${word()}\r\n`, word()));
    await sendRaw(put(`Expect: ${word()}\r\nContent-Length: 40\r\n`, JSON.stringify({ name: word() }).padEnd(40)));
  }

  return { statuses, signUp, sendWrongValues, sendHeaders, sendAddresses, sendMalformed };
}
