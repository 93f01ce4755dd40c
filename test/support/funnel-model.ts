import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { completingStep, stepsBeforeLast } from '../../src/registration/steps.ts';
import { stepMoments } from '../../src/registration/store.ts';
import type { Application } from './application.ts';

/** A sign-up as the funnel sees it, and what the funnel must say of many: the same numbers, counted in another way. */
export interface Attempt {
  /** Milliseconds since 1970. */
  readonly verified: number;
  /** Milliseconds after that at which steps before the last were done, by their names; in any order. */
  readonly steps: Readonly<Record<string, number>>;
  /** `swept`: it expired and its session is gone; `unswept`: the session is still there. */
  readonly end: 'completed' | 'abandoned' | 'swept' | 'unswept' | 'under_way';
  /** Milliseconds after the last step. */
  readonly endsAfter: number;
  readonly campaign: string | null;
}

/** Whole seconds, so that the median of two is exact in milliseconds. */
const seconds = (max: number) => fc.integer({ min: 1, max }).map((count) => count * 1000);
const hour = 3_600;
const ends = ['completed', 'abandoned', 'swept', 'unswept', 'under_way'] as const;
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
  const moment = (milliseconds: number) => new Date(milliseconds).toISOString();
  await query('DELETE FROM registration_attempts');
  await query('DELETE FROM "RegisterSession"');
  for (const one of all) {
    const id = randomUUID();
    const invitation = invitations.get(one.campaign) ?? 0;
    const moments = stepNames.map((step) => (one.steps[step] === undefined ? null : moment(one.verified + one.steps[step])));
    const places = stepNames.map((_, index) => `$${index + 6}`).join(', ');
    if (one.end === 'unswept' || one.end === 'under_way') {
      await query(
        `INSERT INTO "RegisterSession" ("sessionId", attempt, "invitationId", created_at, network_key, expires_at, ${stepMoments.join(', ')})
         VALUES ($1, $2, $3, $4, 'network', now() + $5::interval, ${places})`,
        [id, id, invitation, moment(one.verified), one.end === 'unswept' ? '-1 second' : '1 hour', ...moments],
      );
    } else {
      await query(
        `INSERT INTO registration_attempts (attempt, invitation_id, verified_at, ended_at, outcome, ${stepMoments.join(', ')})
         VALUES ($1, $2, $3, $4, $5, ${places})`,
        [id, invitation, moment(one.verified), moment(endOf(one)), one.end === 'swept' ? 'expired' : one.end, ...moments],
      );
    }
  }
}

/** What the funnel must answer as `totals`. */
export function countsOf(all: readonly Attempt[]): Record<string, number> {
  const count = (matches: (one: Attempt) => boolean) => all.filter(matches).length;
  return {
    verified: all.length,
    ...Object.fromEntries(stepNames.map((step) => [step, count((one) => one.steps[step] !== undefined)])),
    completed: count((one) => one.end === 'completed'),
    expired: count((one) => ['swept', 'unswept'].includes(one.end)),
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
