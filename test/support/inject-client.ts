import assert from 'node:assert/strict';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { holds, type SentSecrets } from './sent-secrets.ts';
import { type Answer, readBody, type SignUpClient, signUpClientOver } from './sign-up-client.ts';

/**
 * The client of `sign-up-client.ts` without a network: requests go into the application directly.
 * An error that repeats client input fails the test.
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
  return signUpClientOver(send);
}

function answerOf(response: Awaited<ReturnType<FastifyInstance['inject']>>): Answer {
  const headers = new Headers();
  for (const [name, value] of Object.entries(response.headers)) for (const one of [value ?? []].flat()) headers.append(name, String(one));
  return { status: response.statusCode, headers, body: readBody(response.payload) };
}
