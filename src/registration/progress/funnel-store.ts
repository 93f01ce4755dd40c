import { type Queryable, type Statement, statement } from '../../database/database.ts';
import { stepsBeforeLast } from '../steps.ts';

/** The events counted for each attempt. `expired` is not one of them: it is the remainder. */
const stepEvents = stepsBeforeLast.map((step) => step.name);
const timedEvents = [...stepEvents, 'completed'];
const countedEvents = ['verified', ...timedEvents, 'abandoned'];

const quoted = (name: string) => `"${name}"`;
const momentOf = (event: string) => `min(e.at) FILTER (WHERE e.event = '${event}')`;

/** SQL for the seconds between this event and the latest one before it: steps may come in any order. */
function secondsBefore(event: string): string {
  const at = quoted(event);
  const earlier = stepEvents.filter((step) => step !== event).map((step) => `CASE WHEN ${quoted(step)} < ${at} THEN ${quoted(step)} END`);
  return `date_part('epoch', ${at} - GREATEST(${[quoted('verified'), ...earlier].join(', ')}))`;
}

/**
 * A sign-up lives at most 24 hours, so the events of sign-ups verified in the range lie in the range or the 25 hours after it:
 * one scan of the index on `at`.
 * @param ofCampaign a join, or an empty string.
 * @returns a SELECT with one row per attempt.
 */
function attemptsByGrouping(ofCampaign: string): string {
  return `SELECT e.attempt, ${countedEvents.map((event) => `${momentOf(event)} AS ${quoted(event)}`).join(', ')}
    FROM registration_events e ${ofCampaign}
    WHERE e.at >= $1 AND e.at < $2::timestamptz + interval '25 hours'
    GROUP BY e.attempt
    HAVING ${momentOf('verified')} < $2`;
}

/** @param attempts a SELECT with one row per attempt verified in the range and the time of each of its events, or NULL. */
export function funnelOver(name: string, attempts: string): Statement<FunnelRow> {
  return statement(
    name,
    `WITH attempts AS MATERIALIZED (
       ${attempts}
     ), counted AS (
       SELECT pg_catalog.width_bucket(a.verified, $3::timestamptz[]) AS part,
         ${countedEvents.map((event) => `pg_catalog.count(a.${quoted(event)}) AS ${quoted(event)}`).join(', ')}, pg_catalog.count(s.attempt) AS under_way
       FROM attempts a LEFT JOIN "RegisterSession" s ON s.attempt = a.attempt AND s.expires_at > now()
       GROUP BY part
     ), medians AS (
       SELECT ${timedEvents
         .map(
           (event) =>
             `percentile_cont(0.5::double precision) WITHIN GROUP (ORDER BY ${secondsBefore(event)}) AS ${quoted(`median_${event}`)}`,
         )
         .join(', ')}
       FROM attempts
     )
     SELECT * FROM counted CROSS JOIN medians ORDER BY part`,
  );
}

/** One part of the range. The medians are those of the whole range, repeated in each row. */
export interface FunnelRow {
  /** The 1-based index in `starts`. */
  readonly part: number;
  readonly under_way: number;
  /** How many attempts reached each event, and `median_<event>`: seconds, NULL if no attempt reached it. */
  readonly [column: string]: number | null;
}

const everyAttempt = funnelOver('registration_funnel', attemptsByGrouping(''));
const attemptsOfCampaign = funnelOver(
  'registration_funnel_of_campaign',
  attemptsByGrouping('JOIN "Invitation" i ON i.id = e.invitation_id AND i.campaign = $4'),
);

/**
 * Settings for the transaction. Grouping 250,000 attempts takes 61 MB; more than that spills to disk. A generic plan, or one made from statistics
 * older than a launch, expects a handful of attempts and scans all sessions for each: 3 s instead of 40 ms with a hash join.
 * JIT is off because compiling takes longer than the query.
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

export async function prepareFunnel(transaction: Queryable): Promise<void> {
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
