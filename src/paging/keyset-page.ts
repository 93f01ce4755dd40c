import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Queryable, type Statement, statement } from '../database/database.ts';
import { sqlstate } from '../database/database-errors.ts';
import { sqlstates } from '../database/sqlstates.ts';
import { validationFailed } from '../problems.ts';
import { type KeyPart, type Page, pageOf, pagingRules } from './cursor.ts';

/**
 * The one way to read a list: `WHERE` the filters that were given, `ORDER BY` a unique key, begin behind the last row of the page before. PostgreSQL
 * chooses the index. A filter that no index answers reads until the page is full, or until `statement_timeout` ends it: then the answer names the filter.
 */
export interface List<Row, Filter> {
  /** Begins the names of its statements. */
  readonly name: string;
  /** Of the SELECT, without what the order adds. */
  readonly columns: string;
  readonly from: string;
  /** What holds for every row of the list. */
  readonly where?: string;
  readonly predicates: Predicates<Filter>;
  /** Only for the compiler: the shape of a row. */
  readonly row?: Row;
}

/** Adds a value to the statement. @returns its placeholder, such as `$3::text`. */
export type Bind = (value: unknown, type: string) => string;

/** The SQL condition of each filter. The names are those of the query's parameters; a filter that is undefined adds no condition. */
type Predicates<Filter> = {
  readonly [Name in keyof Filter]-?: (wanted: Exclude<Filter[Name], undefined>, bind: Bind) => string;
};

/** A unique key that a list is ordered by, the highest first. */
export interface Order<Row, Key extends readonly KeyPart[]> {
  readonly by: readonly string[];
  /** SQL of what `keyOf` needs beside the columns of the list. */
  readonly columns?: string;
  /** What the cursor holds. */
  keyOf(row: Row): Key;
  /** @returns SQL of the values of `by` in the row with this key. */
  valuesOf(key: Key, bind: Bind): readonly string[];
}

/** @param column SQL. @returns the order of a list whose newest id comes first. */
export function newestFirst<Row extends { readonly id: number }>(column: string): Order<Row, readonly [id: number]> {
  return { by: [column], keyOf: ({ id }) => [id], valuesOf: ([id], bind) => [bind(id, 'bigint')] };
}

/**
 * Reads one page.
 * @param after the key in the cursor; undefined: the first page.
 * @throws Problem `validation_failed` on the filters, where the database gave up for them.
 */
export async function readPage<Row, Filter, Key extends readonly KeyPart[]>(
  database: Queryable,
  list: List<Row, Filter>,
  filter: Filter,
  order: Order<NoInfer<Row>, Key>,
  { after, limit }: { readonly after: Key | undefined; readonly limit: number },
): Promise<Page<Row>> {
  const { bind, values, conditions } = asked(list, filter);
  if (after !== undefined) conditions.push(`(${order.by.join(', ')}) < (${order.valuesOf(after, bind).join(', ')})`);
  const columns = [list.columns, ...(order.columns === undefined ? [] : [order.columns])].join(', ');
  const text = `SELECT ${columns} FROM ${list.from} WHERE ${conditions.join(' AND ') || 'true'}
     ORDER BY ${order.by.map((column) => `${column} DESC`).join(', ')} LIMIT ${written(limit) + 1}`;
  const rows = await refuseTooSlow(namesOf(filter), () => database.run(named<Row>(`${list.name}_page`, text), values));
  return pageOf(rows, limit, order.keyOf);
}

/**
 * The limit stands in the text of the statement: for a parameter the planner assumes a tenth of the table, and PostgreSQL spends more than a second on
 * compiling the plan (JIT). A few sizes keep the number of prepared statements small.
 */
function written(limit: number): number {
  return [50, 100, 200, 500].find((size) => size >= limit) ?? limit;
}

/** @throws Problem `validation_failed` on the fields, where `statement_timeout` ended the work; without fields, what the work throws. */
export async function refuseTooSlow<Result>(fields: readonly string[], work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isTooSlow(error) || fields.length === 0) throw error;
    throw validationFailed(fields.map((field) => ({ field, rule: pagingRules.filter_too_slow })));
  }
}

/** Reads everything that matches, some rows at a time, as they are asked for. @param run makes each page, so that it may take longer than usual. */
export async function* readAll<Row, Filter, Key extends readonly KeyPart[]>(
  list: List<Row, Filter>,
  filter: Filter,
  order: Order<NoInfer<Row>, Key>,
  limit: number,
  run: (read: (database: Queryable) => Promise<Page<Row>>) => Promise<Page<Row>>,
): AsyncGenerator<readonly Row[], void> {
  for (let after: Key | undefined; ; ) {
    const page = await run((database) => readPage(database, list, filter, order, { after, limit }));
    yield page.rows;
    const last = page.rows.at(-1);
    if (page.next === null || last === undefined) return;
    after = order.keyOf(last);
    // The embedded database runs in this thread and does not yield by itself.
    await nextTurn();
  }
}

/** How many rows match. */
export interface Total {
  readonly value: number;
  readonly relation: 'exact' | 'at_least';
}

/** Counts up to `cap`. @param seen how many there are for certain: the answer where the database takes too long. */
export async function countUpTo<Row, Filter>(
  database: Queryable,
  list: List<Row, Filter>,
  filter: Filter,
  cap: number,
  seen: number,
): Promise<Total> {
  try {
    const value = await count(database, list, filter, cap + 1);
    return value > cap ? { value: cap, relation: 'at_least' } : { value, relation: 'exact' };
  } catch (error) {
    if (!isTooSlow(error)) throw error;
    return { value: seen, relation: 'at_least' };
  }
}

/** Counts all rows that match: give the transaction time. */
export function countAll<Row, Filter>(transaction: Queryable, list: List<Row, Filter>, filter: Filter): Promise<number> {
  return count(transaction, list, filter, undefined);
}

async function count<Row, Filter>(
  database: Queryable,
  list: List<Row, Filter>,
  filter: Filter,
  limit: number | undefined,
): Promise<number> {
  const { values, conditions } = asked(list, filter);
  const end = limit === undefined ? '' : ` LIMIT ${limit}`;
  const text = `SELECT count(*) AS matching FROM (SELECT FROM ${list.from} WHERE ${conditions.join(' AND ') || 'true'}${end}) AS counted`;
  const [row] = await database.run(named<{ matching: number }>(`${list.name}_count`, text), values);
  return row?.matching ?? 0;
}

function asked<Row, Filter>({ where, predicates }: List<Row, Filter>, filter: Filter) {
  const values: unknown[] = [];
  const bind: Bind = (value, type) => `$${values.push(value)}::${type}`;
  const conditions = where === undefined ? [] : [where];
  for (const name of namesOf(filter)) {
    conditions.push(predicates[name](filter[name] as Exclude<Filter[keyof Filter & string], undefined>, bind));
  }
  return { bind, values, conditions };
}

function namesOf<Filter>(filter: Filter): (keyof Filter & string)[] {
  return (Object.keys(filter as object) as (keyof Filter & string)[]).filter((name) => filter[name] !== undefined);
}

/** Whether `statement_timeout` ended a statement. */
function isTooSlow(error: unknown): boolean {
  return sqlstate(error) === sqlstates.queryCanceled;
}

const statements = new Map<string, Statement<unknown>>();

/** One prepared statement for each combination of filters. */
function named<Row>(start: string, text: string): Statement<Row> {
  let known = statements.get(text) as Statement<Row> | undefined;
  if (!known) {
    known = statement<Row>(`${start}_${createHash('sha256').update(text).digest('hex').slice(0, 12)}`, text);
    statements.set(text, known);
  }
  return known;
}
