import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Language, Problem } from '../errors.ts';
import { describeError } from './describe-error.ts';
import { httpProblems } from './http-problems.ts';
import { preferredLanguage } from './languages.ts';
import { problemAnswer, problemMembers } from './problem-details.ts';
import { problemFromError } from './problem-from-error.ts';
import { addVary } from './vary.ts';

declare module 'fastify' {
  interface FastifyReply {
    /**
     * For an answer whose status is sent already: the refusal or fault behind an error, as a problem document in the reader's language. It is
     * logged as one that was answered with.
     */
    problemOf(error: unknown): object;
  }
}

/** Makes every refusal and every fault a problem document. An unknown address is refused before its body is read. */
export function answerWithProblems(app: FastifyInstance, defaultLanguage: Language): void {
  app.setErrorHandler((error, request, reply) => sendProblem(problemFromError(error, request), request, reply, defaultLanguage));
  app.decorateReply('problemOf', function (error) {
    const problem = noteProblem(problemFromError(error, this.request), this.request);
    return problemMembers(problem, preferredLanguage(this.request.headers['accept-language'], defaultLanguage));
  });
  app.setNotFoundHandler(refuseUnknownAddress);
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.is404) done(new Problem(httpProblems.not_found));
    else done();
  });
}

/** Reached where a handler finds nothing (`reply.callNotFound`). */
function refuseUnknownAddress(): never {
  throw new Problem(httpProblems.not_found);
}

/** Answers with a refusal in the reader's language, and logs what is behind it where that is a fault and not the client's doing. */
export function sendProblem(problem: Problem, request: FastifyRequest, reply: FastifyReply, defaultLanguage: Language): FastifyReply {
  noteProblem(problem, request);
  const { status, headers, body } = problemAnswer(problem, preferredLanguage(request.headers['accept-language'], defaultLanguage));
  addVary(reply, 'Accept-Language');
  return reply.code(status).headers(headers).send(body);
}

function noteProblem(problem: Problem, request: FastifyRequest): Problem {
  request.refusalCode = problem.kind.code;
  logFault(problem, request);
  return problem;
}

function logFault({ kind, details }: Problem, request: FastifyRequest): void {
  if (kind.status < 500) return;
  const fault = { code: kind.code, route: request.routeOptions.url ?? null, error: describeError(details.cause) };
  if (kind.status !== 503) request.log.error(fault, 'request failed');
  else if (details.cause !== undefined) request.log.warn(fault, 'request refused');
}
