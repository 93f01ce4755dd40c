import { type Statement, statement } from '../src/database/database.ts';
import { type FunnelRow, funnelOver } from '../src/registration/progress/funnel-store.ts';

/** Other ways to ask what the funnel asks, for sign-ups with the steps `name` and `birthday`. */

const events = ['verified', 'name', 'birthday', 'completed', 'abandoned'];
const inRange = `e.at >= $1 AND e.at < $2::timestamptz + interval '25 hours'`;

/** A join for each kind of event. */
const byJoins = funnelOver(
  'bench_joins',
  `SELECT v.attempt, v.at AS verified, ${events
    .slice(1)
    .map((event) => `${event}.at AS "${event}"`)
    .join(', ')}
   FROM registration_events v ${events
     .slice(1)
     .map(
       (event) => `LEFT JOIN (SELECT e.attempt, e.at FROM registration_events e WHERE ${inRange} AND e.event = '${event}') ${event}
         ON ${event}.attempt = v.attempt`,
     )
     .join(' ')}
   WHERE v.event = 'verified' AND v.at >= $1 AND v.at < $2`,
);

/** For each attempt a look at its events, through the primary key. */
export const byProbes = funnelOver(
  'bench_probes',
  `SELECT v.attempt, v.at AS verified, o.* FROM registration_events v CROSS JOIN LATERAL (
     SELECT ${events
       .slice(1)
       .map((event) => `min(o.at) FILTER (WHERE o.event = '${event}') AS "${event}"`)
       .join(', ')}
     FROM registration_events o WHERE o.attempt = v.attempt
   ) o WHERE v.event = 'verified' AND v.at >= $1 AND v.at < $2`,
);

/** The events in order, each beside the one before it; what is counted comes in rows and not in columns. */
const byWindow = statement<FunnelRow>(
  'bench_window',
  `WITH events AS MATERIALIZED (
     SELECT e.attempt, e.event, e.at - lag(e.at) OVER attempt AS wait, first_value(e.at) OVER attempt AS verified, first_value(e.event) OVER attempt AS first
     FROM registration_events e WHERE ${inRange} WINDOW attempt AS (PARTITION BY e.attempt ORDER BY e.at)
   ), medians AS (
     SELECT event, percentile_cont(0.5) WITHIN GROUP (ORDER BY date_part('epoch', wait)) AS median
     FROM events WHERE first = 'verified' AND verified < $2 GROUP BY event
   ), counted AS (
     SELECT width_bucket(e.verified, $3::timestamptz[]) AS part, e.event, count(*) AS reached, count(s.attempt) AS under_way
     FROM events e LEFT JOIN "RegisterSession" s ON s.attempt = e.attempt AND s.expires_at > now()
     WHERE e.first = 'verified' AND e.verified < $2 GROUP BY part, e.event
   )
   SELECT * FROM counted JOIN medians USING (event) ORDER BY part`,
);

export const otherShapes: readonly (readonly [name: string, shape: Statement<FunnelRow>])[] = [
  ['a join for each kind of event', byJoins],
  ['for each attempt a look at its events (primary key)', byProbes],
  ['a window over the events of each attempt', byWindow],
];
