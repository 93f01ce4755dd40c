import { until } from '../../database/database.ts';
import { type Deadline, startDeadline } from '../../deadline.ts';
import { longWorkWait } from '../../overload/long-work.ts';
import { validationFailed } from '../../problems.ts';
import { pageCountLimit } from '../../time-limits.ts';
import { registrationProblems } from '../problems.ts';
import { completingStep, steps, stepsBeforeLast } from '../steps.ts';
import { calendarDays } from './calendar-days.ts';
import type { ProgressServices } from './dependencies.ts';
import { acceptFunnelRange } from './funnel-range.ts';
import { countAttempts, type FunnelRow, readClock } from './funnel-store.ts';

/** How many attempts reached each step and each outcome. Every attempt ends as `completed`, `expired` or `abandoned`; until then it is `under_way`. */
type Counts = Record<string, number>;

export interface Funnel {
  readonly campaign: string | null;
  readonly from: string;
  readonly to: string;
  readonly time_zone: string;
  readonly totals: Counts;
  /** For each step, median seconds since the step before it; null if no attempt reached it. */
  readonly median_seconds: Record<string, number | null>;
  readonly days: ({ day: string } & Record<string, number | string>)[];
}

export interface FunnelQuery {
  readonly campaign?: string | undefined;
  /** A date or a time; see `acceptFunnelRange`. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly by: 'day' | 'none';
}

/**
 * Counts the sign-ups verified in a range, how far each came, and how long each step took.
 * @throws Problem `validation_failed`, `funnel_busy`.
 */
export async function countFunnel(
  { database, longWork, timeZone }: ProgressServices,
  query: FunnelQuery,
  deadline: Deadline,
): Promise<Funnel> {
  const days = calendarDays(timeZone);
  const range = acceptFunnelRange(query, { days, now: await readClock(until(deadline, database)), timeZone });
  if (!range.ok) throw validationFailed(range.errors);
  const { from, to } = range.value;
  const dates = query.by === 'day' ? days.between(from, to) : [];
  const starts = query.by === 'day' ? dates.map((date) => date.start) : [from];
  const question = { from, to, starts, campaign: query.campaign };
  using _turn = await longWork.take(longWorkWait(deadline.gone, registrationProblems.funnel_busy));
  const rows = await database.transaction(
    (transaction) => countAttempts(transaction, question),
    startDeadline(pageCountLimit, deadline.gone),
  );

  const parts = new Map(rows.map((row) => [row.part, countsOf(row)]));
  return {
    campaign: query.campaign ?? null,
    from: from.toISOString(),
    to: to.toISOString(),
    time_zone: timeZone,
    totals: sum([...parts.values()]),
    median_seconds: Object.fromEntries(steps.map(({ name }) => [name, medianOf(name, rows[0])])),
    days: dates.map(({ date }, index) => ({ day: date, ...(parts.get(index + 1) ?? sum([])) })),
  };
}

export const countNames: readonly string[] = [
  'verified',
  ...stepsBeforeLast.map((step) => step.name),
  'completed',
  'expired',
  'abandoned',
  'under_way',
];

function countsOf(row: FunnelRow): Counts {
  return Object.fromEntries(countNames.map((name) => [name, Number(row[name])]));
}

function sum(all: readonly Counts[]): Counts {
  return Object.fromEntries(countNames.map((name) => [name, all.reduce((total, counts) => total + (counts[name] ?? 0), 0)]));
}

function medianOf(step: string, row: FunnelRow | undefined): number | null {
  const median = row?.[`median_${step === completingStep.name ? 'completed' : step}`] ?? null;
  return median === null ? null : Math.round(median * 1000) / 1000;
}
