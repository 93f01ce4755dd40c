import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { completingStep, stepsBeforeLast } from '../../src/registration/steps.ts';
import type { Application } from './application.ts';

/** A sign-up as the funnel sees it, and what the funnel must say of many: the same numbers, counted in another way. */
export interface Attempt {
  /** Milliseconds since 1970. */
  readonly verified: number;
  /** Milliseconds after that at which steps before the last were done, by their names; in any order. */
  readonly steps: Readonly<Record<string, number>>;
  /** `swept`: it expired and its row is gone; `unswept`: the row is still there; `vanished`: the row was deleted by hand. */
  readonly end: 'completed' | 'abandoned' | 'swept' | 'unswept' | 'vanished' | 'under_way';
  /** Milliseconds after the last step. */
  readonly endsAfter: number;
  readonly campaign: string | null;
}

/** Whole seconds, so that the median of two is exact in milliseconds. */
const seconds = (max: number) => fc.integer({ min: 1, max }).map((count) => count * 1000);
const hour = 3_600;
const ends = ['completed', 'abandoned', 'swept', 'unswept', 'vanished', 'under_way'] as const;
const stepNames = stepsBeforeLast.map((step) => step.name);

/** @param from milliseconds between which sign-ups are verified. */
export function attempts(from: number, to: number): fc.Arbitrary<Attempt[]> {
  const times = fc.array(seconds(11 * hour), { minLength: stepNames.length, maxLength: stepNames.length });
  const attempt = fc.record({
    verified: fc.integer({ min: from, max: to }),
    times,
    done: fc.array(fc.boolean(), { minLength: stepNames.length, maxLength: stepNames.length }),
    end: fc.constantFrom(...ends),
    endsAfter: seconds(12 * hour),
    campaign: fc.constantFrom('spring', 'autumn', null),
  });
  return fc.array(
    attempt.map(({ times, done, ...rest }) => {
      const wasDone = (index: number) => rest.end === 'completed' || done[index];
      const steps = stepNames.flatMap((name, index) => (wasDone(index) ? [[name, times[index] ?? 0] as const] : []));
      return { ...rest, steps: Object.fromEntries(steps) };
    }),
    { maxLength: 40 },
  );
}

/**
 * Writes them as the program does, in place of all that is there.
 * @param invitations their ids by campaign.
 */
export async function store(
  { query }: Application,
  all: readonly Attempt[],
  invitations: ReadonlyMap<string | null, number>,
): Promise<void> {
  const events: [string, string, number, string][] = [];
  const sessions: [string, number, string][] = [];
  for (const one of all) {
    const id = randomUUID();
    const invitation = invitations.get(one.campaign) ?? 0;
    const add = (event: string, at: number) => events.push([id, event, invitation, new Date(at).toISOString()]);
    add('verified', one.verified);
    for (const [step, after] of Object.entries(one.steps)) add(step, one.verified + after);
    if (one.end === 'completed' || one.end === 'abandoned') add(one.end, endOf(one));
    if (one.end === 'swept') add('expired', endOf(one));
    if (one.end === 'unswept') sessions.push([id, invitation, '-1 second']);
    if (one.end === 'under_way') sessions.push([id, invitation, '1 hour']);
  }
  const column = <Row extends readonly unknown[]>(rows: readonly Row[], index: number) => rows.map((row) => row[index]);
  await query('DELETE FROM registration_events');
  await query('DELETE FROM "RegisterSession"');
  await query(
    `INSERT INTO registration_events (attempt, event, invitation_id, at)
     SELECT attempt::uuid, event, invitation, at::timestamptz
     FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[]) AS e (attempt, event, invitation, at)`,
    [0, 1, 2, 3].map((index) => column(events, index)),
  );
  await query(
    `INSERT INTO "RegisterSession" ("sessionId", "invitationId", attempt, expires_at)
     SELECT attempt, invitation, attempt::uuid, now() + life::interval
     FROM unnest($1::text[], $2::integer[], $3::text[]) AS s (attempt, invitation, life)`,
    [0, 1, 2].map((index) => column(sessions, index)),
  );
}

/** What the funnel must answer as `totals`. */
export function countsOf(all: readonly Attempt[]): Record<string, number> {
  const count = (matches: (one: Attempt) => boolean) => all.filter(matches).length;
  return {
    verified: all.length,
    ...Object.fromEntries(stepNames.map((step) => [step, count((one) => one.steps[step] !== undefined)])),
    completed: count((one) => one.end === 'completed'),
    expired: count((one) => ['swept', 'unswept', 'vanished'].includes(one.end)),
    abandoned: count((one) => one.end === 'abandoned'),
    under_way: count((one) => one.end === 'under_way'),
  };
}

/** What the funnel must answer as `median_seconds`. */
export function mediansOf(all: readonly Attempt[]): Record<string, number | null> {
  const waits = new Map<string, number[]>([...stepNames, completingStep.name].map((step) => [step, []]));
  for (const one of all) {
    const events: [string, number][] = Object.entries(one.steps).map(([step, after]) => [step, one.verified + after]);
    if (one.end === 'completed') events.push([completingStep.name, endOf(one)]);
    for (const [step, at] of events) {
      const earlier = [one.verified, ...events.map(([, other]) => other)].filter((other) => other < at);
      waits.get(step)?.push((at - Math.max(...earlier)) / 1000);
    }
  }
  return Object.fromEntries([...waits].map(([step, seconds]) => [step, median(seconds)]));
}

function endOf(one: Attempt): number {
  return one.verified + Math.max(0, ...Object.values(one.steps)) + one.endsAfter;
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = (sorted.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}
