import type { Application } from './application.ts';

/** A JSON schema, as far as samples need it. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly example?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly example?: unknown;
  readonly schema?: JsonSchema;
}

/** A route below `/admin`, with what the API's document says of it. */
export interface AdminRoute {
  readonly method: string;
  /** As the document writes it: `/admin/users/{id}`. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** The schema of its JSON body, if it has one. */
  readonly body: JsonSchema | undefined;
  /** Of a body that is not JSON. */
  readonly mediaType: string | undefined;
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: JsonSchema }>> };
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * Every route below `/admin`, taken from the router itself: an address answers 405 to the methods that it does not have. HEAD comes with GET.
 * @throws Error if one of them is missing from the OpenAPI document.
 */
export async function adminRoutes({ http }: Application): Promise<AdminRoute[]> {
  await http.ready();
  const { paths, components } = (await http.inject('/openapi.json')).json() as Document;
  const routes: AdminRoute[] = [];
  for (const url of [...http.routePatterns.keys()].filter((pattern) => /^\/admin\b/.test(pattern))) {
    const path = url.replace(/:(\w+)/g, '{$1}');
    for (const method of methods) {
      const { statusCode } = await http.inject({ method: method as 'GET', url: url.replace(/:\w+/g, '1') });
      if (statusCode === 405) continue;
      const operation = paths[path]?.[method.toLowerCase()];
      if (!operation) throw new Error(`${method} ${path} is not in the document`);
      routes.push(routeOf(method, path, operation, components.schemas));
    }
  }
  return routes;
}

function routeOf(
  method: string,
  path: string,
  { parameters = [], requestBody }: Operation,
  schemas: Document['components']['schemas'],
): AdminRoute {
  const content = requestBody?.content ?? {};
  const json = content['application/json']?.schema;
  const body = json?.$ref === undefined ? json : schemas[json.$ref.split('/').at(-1) ?? ''];
  const mediaType = Object.keys(content).find((name) => name !== 'application/json');
  return { method, path, parameters, body, mediaType: body ? undefined : mediaType };
}
