export interface OpenApiDocument {
  readonly paths?: unknown;
  readonly components?: { readonly schemas?: unknown };
}

type Schemas = Record<string, Record<string, unknown>>;

const schemaReference = /"#\/components\/schemas\/([^"]+)"/g;

/**
 * The type provider writes every schema with an id twice, as `X` for responses and `XInput` for bodies, used or not. This keeps those
 * that are referenced, and renames a body's schema to `X` if no response uses that name.
 */
export function keepUsedSchemas(document: OpenApiDocument): OpenApiDocument {
  const all = (document.components?.schemas ?? {}) as Schemas;
  const used = usedNames(document.paths, all);
  const names = new Map(used.map((name) => [name, shortName(name, used, all)]));
  const schemas = Object.fromEntries(
    used.map((name) => [names.get(name) ?? name, isBody(name) ? all[name] : openForMembers(all[name] ?? {})]),
  );
  const kept = { ...document, components: { ...document.components, schemas } };
  const text = JSON.stringify(kept).replace(schemaReference, (_whole, name: string) => `"#/components/schemas/${names.get(name) ?? name}"`);
  return JSON.parse(text) as OpenApiDocument;
}

function usedNames(paths: unknown, schemas: Schemas): string[] {
  const used = new Set<string>();
  const unread: unknown[] = [paths];
  for (let part = unread.pop(); part !== undefined; part = unread.pop()) {
    for (const [, name = ''] of (JSON.stringify(part) ?? '').matchAll(schemaReference)) {
      if (used.has(name)) continue;
      used.add(name);
      unread.push(schemas[name] ?? {});
    }
  }
  return [...used].sort();
}

function shortName(name: string, used: readonly string[], schemas: Schemas): string {
  const short = name.replace(/Input$/, '');
  return Object.hasOwn(schemas, short) && !used.includes(short) ? short : name;
}

/** A body is closed where its own schema says so: below `/admin`. */
function isBody(name: string): boolean {
  return name.endsWith('Input');
}

/** Responses may gain members, so nothing here promises otherwise. */
function openForMembers(schema: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(schema), (key, value) => (key === 'additionalProperties' && value === false ? undefined : value));
}
