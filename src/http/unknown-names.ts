import type { FastifyInstance, FastifyRequest, FastifySchema, RouteOptions } from 'fastify';
import { z } from 'zod';
import { type FieldError, validationFailed } from '../problems.ts';
import { nearestName } from '../rules/nearest-name.ts';
import { schemaRules, unknownField } from './field-messages.ts';
import { problemResponses } from './problem-responses.ts';

/**
 * Refuses members of a body and parameters of a query string that the route's schema does not have, on every route that is added to this scope from
 * now on: a misspelt name that is ignored gives people more than was meant. A route without a schema has no names.
 */
export function refuseUnknownNames(scope: FastifyInstance): void {
  scope.addHook('onRoute', (route) => {
    const query = namesIn(route, 'querystring');
    const body = namesIn(route, 'body');
    route.schema = { ...route.schema, response: { ...problemResponses(unknownNames), ...responsesOf(route.schema) } };
    route.preValidation = [
      async (request: FastifyRequest) => {
        const errors = [...unknownIn(request.query, query), ...(body === undefined ? [] : unknownIn(request.body, body))];
        if (errors.length > 0) throw validationFailed(errors);
      },
      ...[route.preValidation ?? []].flat(),
    ];
  });
}

const unknownNames = validationFailed([{ field: 'campain', rule: unknownField.near, values: { near: 'campaign' } }]);

function responsesOf(schema: FastifySchema | undefined): object {
  return (schema?.response ?? {}) as object;
}

/** @returns undefined for a body that is no JSON object, such as a file. */
function namesIn({ schema }: RouteOptions, part: 'querystring' | 'body'): readonly string[] | undefined {
  const declared = schema?.[part];
  if (declared === undefined) return [];
  return declared instanceof z.ZodObject ? Object.keys(declared.shape) : undefined;
}

/** Errors that are named; more would make the answer longer than the request. */
const maximumErrors = 20;

function unknownIn(sent: unknown, known: readonly string[] = []): FieldError[] {
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) return [];
  return Object.keys(sent)
    .filter((name) => !known.includes(name))
    .slice(0, maximumErrors)
    .map((name) => unknownName(name, known));
}

/**
 * @param field a name that is not known. Only letters and `_.-` are repeated: anything else may be a value in the wrong place.
 * @param known what could have been meant.
 */
function unknownName(field: string, known: readonly string[]): FieldError {
  const near = nearestName(field, known);
  const shown = /^[\p{L} _.-]{1,64}$/u.test(field) ? field : '';
  if (near !== undefined) return { field: shown, rule: unknownField.near, values: { near } };
  if (known.length === 0) return { field: shown, rule: schemaRules.unknown_field };
  return { field: shown, rule: unknownField.among, values: { known: known.join(', ') } };
}
