import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Language, Problem } from '../problems.ts';
import { acceptsHtml } from './accepts-html.ts';
import { describeError } from './describe-error.ts';
import { httpProblems } from './http-problems.ts';
import { preferredLanguage } from './languages.ts';
import { problemAnswer, problemMembers } from './problem-details.ts';
import { problemFromError } from './problem-from-error.ts';
import { addVary } from './vary.ts';

declare module 'fastify' {
  interface FastifyReply {
    /**
     * For a response whose status is already sent: turns an error into a problem document in the client's language. It is
     * logged like any other error response.
     */
    problemOf(error: unknown): object;
  }
}

/** A page for a person whose browser asked for an address that does not exist. */
export type NotFoundPage = (language: Language) => { readonly html: string; readonly headers: Readonly<Record<string, string>> };

/**
 * Turns every error into a problem document. An unknown path is refused before its body is read.
 * @param notFoundPage sent in place of the problem `not_found` to browsers. Default: none.
 */
export function answerWithProblems(app: FastifyInstance, defaultLanguage: Language, notFoundPage?: NotFoundPage): void {
  app.setErrorHandler((error, request, reply) => {
    const problem = problemFromError(error, request);
    if (!notFoundPage || problem.kind !== httpProblems.not_found || !cameByBrowser(request)) {
      return sendProblem(problem, request, reply, defaultLanguage);
    }
    noteProblem(problem, request);
    const language = preferredLanguage(request.headers['accept-language'], defaultLanguage);
    const { html, headers } = notFoundPage(language);
    return reply.code(404).headers(headers).header('content-language', language).type('text/html; charset=utf-8').send(html);
  });
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

function cameByBrowser({ method, headers }: FastifyRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && acceptsHtml(headers.accept);
}

/** Reached if a handler finds nothing (`reply.callNotFound`). */
function refuseUnknownAddress(): never {
  throw new Problem(httpProblems.not_found);
}

/** Answers with a problem in the client's language, and logs its cause if that is the server's fault. */
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
