/** Runs one statement without parameters. */
export type Look = <Row>(sql: string) => Promise<Row[]>;

const heading = `-- The schema as the migrations leave it, for reading and for seeing in a diff what a change does to it.
-- Written by \`npm run schema:picture\`; a test compares it with the embedded database and with PostgreSQL.
`;

const inPublic = `= 'public'::regnamespace`;

/**
 * Draws everything that the migrations have made in the schema \`public\`, as SQL that would make it again. Asks the catalogs, so that it needs no
 * program of PostgreSQL's, and comes out the same on every version.
 * @throws Error where there is something of a kind that the picture could not show.
 */
export async function drawSchema(look: Look): Promise<string> {
  await refuseUnknownKinds(look);
  const tables = await look<Table>(
    `SELECT oid::integer AS oid, quote_ident(relname) AS name, relpersistence = 'u' AS unlogged FROM pg_class WHERE relkind = 'r' AND relnamespace ${inPublic} ORDER BY relname COLLATE "C"`,
  );
  const pieces = [heading];
  for (const table of tables) pieces.push(await drawTable(look, table));
  const functions = await look<{ definition: string }>(
    `SELECT pg_get_functiondef(oid) AS definition FROM pg_proc WHERE pronamespace ${inPublic} ORDER BY proname COLLATE "C", oid`,
  );
  pieces.push(...functions.map(({ definition }) => `${definition.trim()};\n`));
  return pieces.join('\n');
}

interface Table {
  readonly oid: number;
  readonly name: string;
  readonly unlogged: boolean;
}

async function drawTable(look: Look, { oid, name, unlogged }: Table): Promise<string> {
  const sequences = await look<{ name: string; type: string; owner: string }>(`
    SELECT quote_ident(relname) AS name, format_type(seqtypid, NULL) AS type, quote_ident(attname) AS owner
    FROM pg_depend JOIN pg_class ON pg_class.oid = objid AND relkind = 'S' JOIN pg_sequence ON seqrelid = objid
    JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
    WHERE refobjid = ${oid} ORDER BY relname COLLATE "C"`);
  const constraints = await look<{ definition: string }>(`
    SELECT 'CONSTRAINT ' || quote_ident(conname) || ' ' || pg_get_constraintdef(oid) AS definition
    FROM pg_constraint WHERE conrelid = ${oid} AND contype <> 'n' ORDER BY contype DESC, conname COLLATE "C"`);
  const indexes = await look<{ definition: string }>(`
    SELECT pg_get_indexdef(indexrelid) AS definition FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = ${oid} AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) ORDER BY relname COLLATE "C"`);
  const lines = [...(await drawColumns(look, oid)), ...constraints.map(({ definition }) => definition)];
  return [
    ...sequences.map((sequence) => `CREATE SEQUENCE ${sequence.name} AS ${sequence.type};\n`),
    `CREATE ${unlogged ? 'UNLOGGED ' : ''}TABLE ${name} (\n${lines.map((line) => `  ${line}`).join(',\n')}\n);\n`,
    ...sequences.map((sequence) => `ALTER SEQUENCE ${sequence.name} OWNED BY ${name}.${sequence.owner};\n`),
    ...indexes.map(({ definition }) => `${definition.replace(' ON public.', ' ON ')};\n`),
  ].join('');
}

/** @returns a line for each column, in three columns themselves. */
async function drawColumns(look: Look, table: number): Promise<string[]> {
  const columns = await look<{ name: string; type: string; rest: string }>(`
    SELECT quote_ident(attname) AS name, format_type(atttypid, atttypmod) AS type,
      concat_ws(' ', CASE WHEN attnotnull THEN 'NOT NULL' END, 'DEFAULT ' || pg_get_expr(adbin, adrelid)) AS rest
    FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = ${table} AND attnum > 0 AND NOT attisdropped ORDER BY attnum`);
  const width = (part: 'name' | 'type') => Math.max(...columns.map((column) => column[part].length));
  return columns.map(({ name, type, rest }) => `${name.padEnd(width('name'))}  ${type.padEnd(width('type'))}  ${rest}`.trimEnd());
}

async function refuseUnknownKinds(look: Look): Promise<void> {
  const unknown = await look<{ what: string }>(`
    SELECT 'relation ' || relname AS what FROM pg_class WHERE relnamespace ${inPublic} AND relkind NOT IN ('r', 'i', 'S')
    UNION ALL SELECT 'type ' || typname FROM pg_type WHERE typnamespace ${inPublic} AND typtype NOT IN ('c', 'b')
    UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'policy ' || polname FROM pg_policy
    UNION ALL SELECT 'column ' || attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
      WHERE relnamespace ${inPublic} AND (attidentity <> '' OR attgenerated <> '')
    ORDER BY 1`);
  if (unknown.length === 0) return;
  throw new Error(`The picture of the schema cannot show: ${unknown.map(({ what }) => what).join(', ')}. Teach scripts/schema-picture.ts.`);
}
