import type { FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { Problem, type ProblemKind, validationFailed } from '../problems.ts';
import { fieldErrors } from './field-messages.ts';
import { httpProblems } from './http-problems.ts';

/** Fastify's errors that are about the request; its other errors are bugs. */
const kindOfFastifyCode: Readonly<Record<string, ProblemKind>> = {
  FST_ERR_BAD_URL: httpProblems.bad_request,
  FST_ERR_CTP_BODY_TOO_LARGE: httpProblems.payload_too_large,
  FST_ERR_CTP_EMPTY_TYPE: httpProblems.unsupported_media_type,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: httpProblems.bad_request,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: httpProblems.unsupported_media_type,
  FST_ERR_CTP_INVALID_TYPE: httpProblems.unsupported_media_type,
  FST_ERR_MAX_PARAM_LENGTH: httpProblems.uri_too_long,
  FST_ERR_NOT_FOUND: httpProblems.not_found,
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: httpProblems.unsupported_media_type,
};

/** @returns the problem that a thrown error stands for, or `internal_error` with the error as its cause. */
export function problemFromError(error: unknown, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    return validationFailed(fieldErrors(error.validation, validatedPart(request, error.validationContext)));
  }
  const kind =
    kindOfFastifyCode[codeOf(error)] ?? (wasCutOff(request) || wasAbandoned(error, request) ? httpProblems.bad_request : undefined);
  return kind ? new Problem(kind) : new Problem(httpProblems.internal_error, { cause: error });
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

function validatedPart(request: FastifyRequest, context: string | undefined): unknown {
  if (context === 'querystring') return request.query;
  if (context === 'params') return request.params;
  if (context === 'headers') return request.headers;
  return request.body;
}

/** The client left in the middle of its body: there is no reader for a response, and it is not a bug. */
function wasCutOff(request: FastifyRequest): boolean {
  return request.raw.destroyed && request.raw.complete === false;
}

/** The client left while its response was being made, and the work stopped for that reason (`request.deadline`). */
function wasAbandoned(error: unknown, request: FastifyRequest): boolean {
  return error instanceof Error && error.name === 'AbortError' && (request.raw.socket.destroyed || request.raw.socket.readableEnded);
}
