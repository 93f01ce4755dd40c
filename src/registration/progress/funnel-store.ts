import { type Queryable, type Statement, statement } from '../../database/database.ts';
import { stepsBeforeLast } from '../steps.ts';

const stepNames = stepsBeforeLast.map((step) => step.name);
const outcomes = ['completed', 'abandoned', 'expired', 'under_way'];
const timedNames = [...stepNames, 'completed'];

const quoted = (name: string) => `"${name}"`;
const momentOf = (step: string) => quoted(`${step}_at`);

/** SQL for the seconds between this moment and the latest one before it: steps may come in any order. */
function secondsBefore(name: string): string {
  const at = name === 'completed' ? `CASE WHEN a.outcome = 'completed' THEN a.ended_at END` : `a.${momentOf(name)}`;
  const earlier = stepNames
    .filter((step) => step !== name)
    .map((step) => `CASE WHEN a.${momentOf(step)} < ${at} THEN a.${momentOf(step)} END`);
  return `date_part('epoch', ${at} - GREATEST(${['a.verified_at', ...earlier].join(', ')}))`;
}

const columns = (row: string) => stepNames.map((step) => `${row}.${momentOf(step)}`).join(', ');

/**
 * The sign-ups that were verified in the range: those that ended, and those whose session is still there. Both are read from one snapshot, so a
 * sign-up that ends meanwhile counts once.
 * @param ofCampaign SQL for a join with the invitation, given SQL for its id; or an empty string.
 */
function funnelStatement(name: string, ofCampaign: (invitationId: string) => string): Statement<FunnelRow> {
  return statement(
    name,
    `WITH attempts AS MATERIALIZED (
       SELECT kept.verified_at, ${columns('kept')}, kept.ended_at, kept.outcome
       FROM registration_attempts kept ${ofCampaign('kept.invitation_id')}
       WHERE kept.verified_at >= $1 AND kept.verified_at < $2
       UNION ALL
       SELECT s.created_at, ${columns('s')}, NULL, CASE WHEN s.expires_at > now() THEN 'under_way' ELSE 'expired' END
       FROM "RegisterSession" s ${ofCampaign('s."invitationId"')}
       WHERE s.created_at >= $1 AND s.created_at < $2 AND s.network_key IS NOT NULL
     ), counted AS (
       SELECT pg_catalog.width_bucket(a.verified_at, $3::timestamptz[]) AS part, pg_catalog.count(*) AS verified,
         ${stepNames.map((step) => `pg_catalog.count(a.${momentOf(step)}) AS ${quoted(step)}`).join(', ')},
         ${outcomes.map((outcome) => `pg_catalog.count(*) FILTER (WHERE a.outcome = '${outcome}') AS ${outcome}`).join(', ')}
       FROM attempts a GROUP BY part
     ), medians AS (
       SELECT ${timedNames
         .map((one) => `percentile_cont(0.5::double precision) WITHIN GROUP (ORDER BY ${secondsBefore(one)}) AS ${quoted(`median_${one}`)}`)
         .join(', ')}
       FROM attempts a
     )
     SELECT * FROM counted CROSS JOIN medians ORDER BY part`,
  );
}

/** One part of the range. The medians are those of the whole range, repeated in each row. */
export interface FunnelRow {
  /** The 1-based index in `starts`. */
  readonly part: number;
  /** How many attempts reached each step and each outcome, and `median_<name>`: seconds, NULL if no attempt reached it. */
  readonly [column: string]: number | null;
}

const everyAttempt = funnelStatement('registration_funnel', () => '');
const attemptsOfCampaign = funnelStatement(
  'registration_funnel_of_campaign',
  (id) => `JOIN "Invitation" i ON i.id = ${id} AND i.campaign = $4`,
);

/**
 * Settings for the transaction. A year of 250,000 attempts is sorted in memory; more than that spills to disk. A generic plan, or one made from
 * statistics older than a launch, expects a handful of attempts. JIT is off because compiling takes longer than the query.
 */
const prepareStatement = statement(
  'registration_prepare_funnel',
  `SELECT set_config('work_mem', '64MB', true), set_config('plan_cache_mode', 'force_custom_plan', true),
     set_config('enable_nestloop', 'off', true), set_config('jit', 'off', true)`,
);

export interface FunnelQuestion {
  readonly from: Date;
  readonly to: Date;
  /** The start of each part of the range, in order; the first is `from`. */
  readonly starts: readonly Date[];
  readonly campaign: string | undefined;
}

async function prepareFunnel(transaction: Queryable): Promise<void> {
  await transaction.run(prepareStatement);
}

/**
 * Counts the attempts verified in a range.
 * @returns the parts that have attempts.
 */
export async function countAttempts(transaction: Queryable, { from, to, starts, campaign }: FunnelQuestion): Promise<FunnelRow[]> {
  await prepareFunnel(transaction);
  const range = [from.toISOString(), to.toISOString(), starts.map((start) => start.toISOString())];
  return campaign === undefined ? transaction.run(everyAttempt, range) : transaction.run(attemptsOfCampaign, [...range, campaign]);
}

const clockStatement = statement<{ now: Date }>(
  'registration_clock',
  `SELECT date_trunc('milliseconds', now()) + interval '1 millisecond' AS now`,
);

/** @returns the database's time, rounded up, so that everything written so far is earlier. */
export async function readClock(database: Queryable): Promise<Date> {
  const [row] = await database.run(clockStatement);
  if (!row) throw new Error('the database has no clock');
  return row.now;
}
