import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Limiter } from '../../limits/limiter.ts';
import { Problem } from '../../problems.ts';
import { documentLimit, networkOfClient } from './limit-routes.ts';
import { showLimits } from './rate-limit-fields.ts';

/** A credential that proved good is not counted again for this long after its last use in this process, which saves two statements a request. */
const knownMilliseconds = 3_600_000;
const mostKnown = 1_000;

/** One credential from one network, while it is being judged; however many requests bring it at once, it is one guess. */
interface Attempt {
  readonly verdict: ReturnType<Limiter['take']>;
  isGivenBack: boolean;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The mark of the credential that this request brought; undefined: none that is counted. */
    guessedCredential: string | undefined;
  }
}

export interface CredentialLimit {
  readonly limiter: Limiter;
  /** A credential that this process made for itself: never counted, so that an operator at the machine gets in whatever others do from its address. */
  readonly own: string;
  /** Whether an `Authorization` field could bring a good credential at all. The guard refuses others without a look-up, so they are not counted. */
  isShaped(authorization: string): boolean;
  /** Asked where a network is over the limit: whether the credential is good all the same. To be cheap, however often it is asked. */
  isGood(authorization: string, network: string): Promise<boolean>;
  /** Whether a refusal of the guard means that the credential was not good. */
  isWrong(refusal: Problem): boolean;
}

/**
 * Limits the wrong credentials that a network may send as `Authorization`. To be called before the guard of the scope adds its hook: a credential
 * that this process does not know is counted before it is judged, so that of any number at once only as many are judged as the limit allows,
 * and a good one gets its count back. Over the limit only good ones reach the guard, so that no operator is locked out by a shared network.
 */
export function limitFailedCredentials(scope: FastifyInstance, { limiter, own, isShaped, isGood, isWrong }: CredentialLimit): void {
  const ownMark = markOf('', `Bearer ${own}`);
  const attempts = new Map<string, Attempt>();
  const known = new Map<string, number>();

  scope.decorateRequest('guessedCredential', undefined);
  scope.addHook('onRoute', documentLimit);
  scope.addHook('onRequest', async (request, reply) => {
    const { authorization } = request.headers;
    if (authorization === undefined || !isShaped(authorization) || markOf('', authorization) === ownMark) return;
    const network = networkOfClient(request);
    const mark = markOf(network, authorization);
    request.guessedCredential = mark;
    if ((known.get(mark) ?? 0) > Date.now()) return;
    const attempt = attempts.get(mark) ?? { verdict: limiter.take(network), isGivenBack: false };
    attempts.set(mark, attempt);
    const verdict = await attempt.verdict;
    if (verdict.allowed) return;
    if (attempts.get(mark) === attempt) attempts.delete(mark);
    if (await isGood(authorization, network)) return;
    showLimits(reply, [{ limiter, verdict }]);
  });
  // The guard let it pass.
  scope.addHook('preParsing', async (request) => {
    const mark = request.guessedCredential;
    if (mark === undefined) return;
    known.delete(mark);
    const [oldest] = known.keys();
    if (oldest !== undefined && known.size >= mostKnown) known.delete(oldest);
    known.set(mark, Date.now() + knownMilliseconds);
    await giveBack(request, mark);
  });
  scope.addHook('onError', async (request, _reply, error) => {
    const mark = request.guessedCredential;
    if (mark === undefined) return;
    // Whatever else the refusal is about, it tells nothing about the credential.
    if (error instanceof Problem && isWrong(error)) {
      attempts.delete(mark);
      known.delete(mark);
    } else await giveBack(request, mark);
  });

  async function giveBack(request: FastifyRequest, mark: string): Promise<void> {
    const attempt = attempts.get(mark);
    attempts.delete(mark);
    request.guessedCredential = undefined;
    if (attempt === undefined || attempt.isGivenBack) return;
    attempt.isGivenBack = true;
    if (!(await attempt.verdict).allowed) return;
    await limiter.giveBack(networkOfClient(request));
  }
}

/** A hash, so that the credential itself is kept nowhere, and comparing tells nothing about it. */
function markOf(network: string, authorization: string): string {
  return createHash('sha256').update(`${network} ${authorization}`).digest('base64url');
}
