import swagger, { type SwaggerTransform, type SwaggerTransformObject } from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { keepUsedSchemas, type OpenApiDocument } from './openapi-schemas.ts';

export interface OpenApiOptions {
  /** The program's version. */
  readonly version: string;
  /** The groups of the slices, in reading order; the groups of this folder come after them. */
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  /** The security schemes: what `Authorization: Bearer` may carry, by name. */
  readonly credentials: Readonly<Record<string, string>>;
}

const description = `Invitation-only sign-up: an invitation code opens a session, three steps fill it, the last one makes exactly one user.

Every error response is \`application/problem+json\` (RFC 9457) with a stable \`code\`; \`Accept-Language\` chooses Korean or English.
Answers may gain members: please ignore those that you do not know.`;

const ownTags = [
  { name: 'problems', description: 'What an error means' },
  { name: 'health', description: 'For balancers and supervisors' },
];

/** Collects the routes added after it for the OpenAPI 3.1 document that `addApiDocuments` serves. */
export async function addOpenApi(app: FastifyInstance, { version, tags, credentials }: OpenApiOptions): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Chodae', description, version, license: { name: 'MIT', identifier: 'MIT' } },
      servers: [{ url: '/' }],
      tags: [...tags, ...ownTags],
      // Routes that need credentials declare them.
      security: [],
      components: { securitySchemes: bearerSchemes(credentials) },
    },
    convertConstToEnum: false,
    transform,
    transformObject,
  });
}

function bearerSchemes(credentials: OpenApiOptions['credentials']) {
  const schemes = Object.entries(credentials).map(([name, description]) => [
    name,
    { type: 'http', scheme: 'bearer', description } as const,
  ]);
  return Object.fromEntries(schemes);
}

/** The type provider's transform keeps only the schemas of a response; this puts the rest back. */
const transform: SwaggerTransform = (route) => {
  const { schema, url } = jsonSchemaTransform(route);
  const declared = (route.schema?.response ?? {}) as Record<string, Response | z.ZodType>;
  const responses = (schema.response ?? {}) as Record<string, Response>;
  for (const [status, response] of Object.entries(responses)) responses[status] = putBack(response, declared[status]);
  return { schema, url };
};

interface Response {
  readonly description?: string;
  readonly headers?: object;
  readonly content?: Readonly<Record<string, { readonly examples?: object }>>;
}

function putBack(response: Response, declared: Response | z.ZodType | undefined): Response {
  if (declared instanceof z.ZodType) {
    const description = declared.meta()?.description;
    // A description beside a reference would be lost, so the response is written inline.
    return description ? { description, content: { 'application/json': { schema: response } as object } } : response;
  }
  const content = Object.entries(response.content ?? {}).map(([mediaType, media]) => [
    mediaType,
    { ...declared?.content?.[mediaType], ...media },
  ]);
  return { ...response, ...(declared?.headers && { headers: declared.headers }), content: Object.fromEntries(content) };
}

const transformObject: SwaggerTransformObject = (document) =>
  keepUsedSchemas(jsonSchemaTransformObject(document) as OpenApiDocument) as ReturnType<SwaggerTransformObject>;
