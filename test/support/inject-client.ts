import assert from 'node:assert/strict';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { holds, type SentSecrets } from './sent-secrets.ts';
import { type Answer, type AnswerBody, type SignUpClient, type SignUpOutcome, samplePerson } from './sign-up-client.ts';

/**
 * The client of `sign-up-client.ts` without a network: requests go into the application directly.
 * A refusal that repeats what was sent fails the test.
 */
export function injectClient(http: Pick<FastifyInstance, 'inject'>, secrets: SentSecrets): SignUpClient {
  const send: SignUpClient['send'] = async (method, path, body, headers = {}) => {
    const content = typeof body === 'string' ? body : JSON.stringify(body);
    const type = content === undefined ? {} : { 'content-type': 'application/json' };
    const sent = secrets.note(body, headers.authorization);
    const response = await http.inject({
      method: method as NonNullable<InjectOptions['method']>,
      url: path,
      headers: { ...type, ...headers },
      ...(content !== undefined && { payload: content }),
    });
    const repeated = sent.filter((value) => response.statusCode >= 400 && holds(response.payload, value));
    assert.deepEqual(repeated, [], 'a refusal repeats what was sent');
    return answerOf(response);
  };
  const verify: SignUpClient['verify'] = (code) => send('POST', '/auth/invitation/verify', { invitation_code: code });
  const putStep = (step: string, body: object) => send('PUT', `/auth/register/${step}`, body);
  const name: SignUpClient['name'] = (session_id, name, password) => putStep('name', { session_id, name, password });
  const birthday: SignUpClient['birthday'] = (session_id, birthday) => putStep('birthday', { session_id, birthday });
  const phone: SignUpClient['phone'] = (session_id, phone) => putStep('phone', { session_id, phone });

  const signUp: SignUpClient['signUp'] = async (code, overrides) => {
    const person = samplePerson(overrides);
    const verified = await verify(code);
    const { sessionId } = verified.body;
    const outcome = (step: SignUpOutcome['step'], answer: Answer) => ({ step, answer, sessionId, userId: answer.body.userId, person });
    if (sessionId === undefined) return outcome('verify', verified);
    const named = await name(sessionId, person.name, person.password);
    if (named.status !== 200) return outcome('name', named);
    const born = await birthday(sessionId, person.birthday);
    if (born.status !== 200) return outcome('birthday', born);
    return outcome('phone', await phone(sessionId, person.phone));
  };

  return { verify, name, birthday, phone, signUp, send };
}

function answerOf(response: Awaited<ReturnType<FastifyInstance['inject']>>): Answer {
  const headers = new Headers();
  for (const [name, value] of Object.entries(response.headers)) for (const one of [value ?? []].flat()) headers.append(name, String(one));
  return { status: response.statusCode, headers, body: readBody(response.payload) };
}

function readBody(text: string): AnswerBody {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? (body as AnswerBody) : {};
  } catch {
    return {};
  }
}
