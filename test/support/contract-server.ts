import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One answer of the fake. */
interface FakeAnswer {
  status: number;
  body: unknown;
  type?: string;
  headers?: Record<string, string>;
}

interface FakeRequest {
  readonly method: string;
  /** Without the prefix. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

interface Seat {
  used: boolean;
  seats: number;
}

type Steps = Map<string, string>;

/** What the fake knows; a test may look and change. */
interface FakeState {
  readonly invitations: Map<string, Seat>;
  readonly sessions: Map<string, { code: string; steps: Steps }>;
  readonly receipts: Map<string, { phone: string; userId: number }>;
  readonly requests: FakeRequest[];
  users: number;
}

export interface ContractServerOptions {
  /** Codes with one seat each, and whether they are used. */
  readonly codes?: Readonly<Record<string, 'free' | 'used' | 'two seats'>>;
  /** A path before every endpoint. */
  readonly prefix?: string;
  /** Spoils an answer on its way out; `hang`: it never comes. */
  readonly spoil?: (request: FakeRequest, answer: FakeAnswer) => FakeAnswer | 'hang';
}

/** Starts a small server that implements the wire contract in memory, and breaks it where the test says. */
export async function startContractServer(options: ContractServerOptions = {}) {
  const state: FakeState = { invitations: new Map(), sessions: new Map(), receipts: new Map(), requests: [], users: 0 };
  for (const [code, seat] of Object.entries(options.codes ?? { TEST001: 'free', TEST002: 'free' })) {
    state.invitations.set(code, { used: seat === 'used', seats: seat === 'two seats' ? 2 : 1 });
  }
  const server = createServer((incoming, outgoing) => void handle(state, options, incoming, outgoing));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${options.prefix ?? ''}`;
  return {
    url,
    state,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function handle(
  state: FakeState,
  options: ContractServerOptions,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const prefix = options.prefix ?? '';
  const url = incoming.url ?? '/';
  const path = url.startsWith(prefix) ? url.slice(prefix.length) : `outside ${url}`;
  const request: FakeRequest = { method: incoming.method ?? '', path, headers: incoming.headers, text: Buffer.concat(chunks).toString() };
  state.requests.push(request);
  const good = answerTo(state, request, prefix);
  const answer = options.spoil ? options.spoil(request, good) : good;
  if (answer === 'hang') return;
  const type = answer.type ?? (answer.status < 400 ? 'application/json' : 'application/problem+json');
  outgoing.writeHead(answer.status, { 'content-type': `${type}; charset=utf-8`, ...answer.headers });
  outgoing.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
}

const verifyPath = '/auth/invitation/verify';
const stepNames = ['name', 'birthday', 'phone'];

function answerTo(state: FakeState, request: FakeRequest, prefix: string): FakeAnswer {
  if (request.method === 'GET' && request.path in pages) return pages[request.path]?.(prefix) ?? problem(404, 'not_found');
  if (request.path === '/auth/register/session') return sessionAnswer(state, request);
  const step = stepNames.find((name) => request.path === `/auth/register/${name}`);
  if (request.path !== verifyPath && !step) return problem(404, 'not_found');
  const method = step ? 'PUT' : 'POST';
  if (request.method !== method) return { ...problem(405, 'method_not_allowed'), headers: { allow: method } };
  if (request.headers['content-type'] !== 'application/json') return problem(415, 'unsupported_media_type');
  const body = parse(request.text);
  if (!body) return problem(400, 'malformed_json');
  return step ? stepAnswer(state, step, body) : verifyAnswer(state, body.invitation_code);
}

const pages: Record<string, (prefix: string) => FakeAnswer> = {
  '/openapi.json': () => ({
    status: 200,
    body: {
      openapi: '3.1.0',
      paths: Object.fromEntries([verifyPath, ...stepNames.map((name) => `/auth/register/${name}`)].map((path) => [path, {}])),
    },
  }),
  '/docs': (prefix) => ({ status: 302, body: '', headers: { location: `${prefix}/docs/` } }),
  '/docs/': () => ({ status: 200, body: '<!doctype html>', type: 'text/html' }),
  '/redoc': () => ({ status: 200, body: '<!doctype html>', type: 'text/html' }),
  '/healthz': () => ({ status: 200, body: { status: 'ok' } }),
  '/readyz': () => ({ status: 200, body: { status: 'ok' } }),
};

function verifyAnswer(state: FakeState, code: unknown): FakeAnswer {
  if (typeof code !== 'string')
    return problem(422, 'validation_failed', { errors: [{ field: 'invitation_code', code: 'type', message: '…' }] });
  const invitation = state.invitations.get(code);
  if (!invitation) return problem(404, 'invitation_not_found');
  if (invitation.used) return problem(410, 'invitation_used');
  const sessionId = randomBytes(16).toString('hex');
  state.sessions.set(sessionId, { code, steps: new Map() });
  return { status: 200, body: { valid: true, sessionId, remainingSteps: stepNames } };
}

function stepAnswer(state: FakeState, step: string, body: Record<string, unknown>): FakeAnswer {
  const sessionId = String(body.session_id);
  const value = String(body[step]);
  const receipt = state.receipts.get(sessionId);
  if (receipt && step === 'phone') {
    return receipt.phone === value ? { status: 200, body: { ok: true, userId: receipt.userId } } : problem(409, 'session_completed');
  }
  const session = state.sessions.get(sessionId);
  if (!session) return problem(404, 'session_not_found');
  const missing = stepNames.filter((name) => name !== 'phone' && !session.steps.has(name));
  if (step === 'phone' && missing.length > 0) return problem(409, 'steps_incomplete', { missing });
  session.steps.set(step, value);
  return step === 'phone' ? complete(state, sessionId, value) : { status: 200, body: { ok: true } };
}

function complete(state: FakeState, sessionId: string, phone: string): FakeAnswer {
  const invitation = state.invitations.get(state.sessions.get(sessionId)?.code ?? '');
  if (!invitation || invitation.used) return problem(410, 'invitation_used');
  invitation.seats -= 1;
  invitation.used = invitation.seats === 0;
  state.users += 1;
  state.sessions.delete(sessionId);
  state.receipts.set(sessionId, { phone, userId: state.users });
  return { status: 200, body: { ok: true, userId: state.users } };
}

function sessionAnswer(state: FakeState, { method, headers }: FakeRequest): FakeAnswer {
  const sessionId = headers.authorization?.replace('Bearer ', '') ?? '';
  const session = state.sessions.get(sessionId);
  if (!session) return problem(404, 'session_not_found');
  if (method === 'DELETE') {
    state.sessions.delete(sessionId);
    return { status: 200, body: { ok: true } };
  }
  const completedSteps = stepNames.filter((name) => session.steps.has(name));
  const remainingSteps = stepNames.filter((name) => !session.steps.has(name));
  return { status: 200, body: { expiresAt: '2099-01-01T00:00:00.000Z', completedSteps, remainingSteps } };
}

function problem(status: number, code: string, members: object = {}): FakeAnswer {
  return { status, body: { type: `/problems/${code}`, title: code, status, detail: `About ${code}.`, code, ...members } };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
