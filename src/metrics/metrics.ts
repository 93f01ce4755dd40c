import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ConnectionCounts } from '../database/database.ts';
import type { AnsweredRequest } from '../http/request-log.ts';
import type { QueueState } from '../passwords/bounded-queue.ts';
import type { SweepOutcome } from '../sweeping/sweep.ts';
import { version } from '../version.ts';

/** The metrics of the process. No label holds client input: routes are patterns, codes come from the catalogues. */
export interface Metrics {
  readonly registry: Registry;
  requestAnswered(answer: AnsweredRequest): void;
  seatClaimed(): void;
  /** @param milliseconds how long a password waited for its hash to begin. */
  hashWaited(milliseconds: number): void;
  swept(outcome: SweepOutcome): void;
  /** A request was refused up front because the event loop is late. */
  requestShed(): void;
  /** More codes were wrong than the guess budget allows. */
  guessBudgetSpent(): void;
  /** Gauges that read the state of the queue and of the pool at each scrape. */
  watch(sources: MetricSources): void;
  /** CPU, memory, event loop, garbage collection: once per process. */
  watchProcess(): void;
}

interface MetricSources {
  readonly hashQueue: () => QueueState;
  /** Undefined: the embedded database, which has one connection. */
  readonly connections: (() => ConnectionCounts) | undefined;
  /** Whether the guess budget is spent, so that networks without a right code get only a few attempts. Undefined: no limits. */
  readonly guessesGuarded: (() => boolean) | undefined;
  /** Asks the database how many seats are held by sign-ups without a stored step. */
  readonly holdsWithoutStep: () => Promise<number>;
}

/** Milliseconds that a scrape waits for the database. */
const databasePatience = 500;

/** Seconds: from a database lookup to the end of a wait for a hash. */
const requestBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const waitBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 4];

/** Creates all metrics, at zero. */
export function openMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = requestMetrics(registers);
  const sweeps = sweepMetrics(registers);
  const seats = new Counter({
    name: 'chodae_seats_claimed_total',
    help: 'Sign-ups completed: each took one seat and created one user.',
    registers,
  });
  const waits = new Histogram({
    name: 'chodae_hash_wait_seconds',
    help: 'How long a password waited for its hash to begin.',
    buckets: waitBuckets,
    registers,
  });
  const shed = new Counter({
    name: 'chodae_shed_requests_total',
    help: 'Requests refused up front because the event loop was late.',
    registers,
  });
  const spent = new Counter({
    name: 'chodae_guess_budget_spent_total',
    help: 'Windows in which more codes were wrong than the guess budget allows, as noticed by each process.',
    registers,
  });
  const build = new Gauge({
    name: 'chodae_build_info',
    help: 'Always 1; the label is the running version.',
    labelNames: ['version'],
    aggregator: 'first',
    registers,
  });
  build.set({ version }, 1);
  return {
    registry,
    requestAnswered: requests,
    seatClaimed: () => seats.inc(),
    hashWaited: (milliseconds) => waits.observe(milliseconds / 1000),
    swept: sweeps,
    requestShed: () => shed.inc(),
    guessBudgetSpent: () => spent.inc(),
    watch: (sources) => watchSources(sources, registers),
    watchProcess: () => collectDefaultMetrics({ register: registry }),
  };
}

/** Methods with a route; all others share one label. */
const usualMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

function requestMetrics(registers: Registry[]): (answer: AnsweredRequest) => void {
  const requests = new Counter({
    name: 'chodae_http_requests_total',
    help: 'Requests by route pattern and status; unknown: no such route; aborted: the client left before its answer.',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'chodae_http_request_duration_seconds',
    help: 'From the arrival of a request to the end of its answer.',
    labelNames: ['method', 'route'],
    buckets: requestBuckets,
    registers,
  });
  const refusals = new Counter({
    name: 'chodae_refusals_total',
    help: 'Error responses by problem code (docs/reference/errors.md).',
    labelNames: ['code'],
    registers,
  });
  const steps = new Counter({
    name: 'chodae_signup_steps_total',
    help: 'Sign-up steps answered with success; repeated steps count again.',
    labelNames: ['step'],
    registers,
  });
  return ({ method, route, status, code, seconds, countedAs }) => {
    const where = { method: method !== null && usualMethods.has(method) ? method : 'other', route: route ?? 'unknown' };
    requests.inc({ ...where, status: status === null ? 'aborted' : String(status) });
    if (seconds !== null) durations.observe(where, seconds);
    if (code !== null) refusals.inc({ code });
    if (countedAs !== null && status === 200) steps.inc({ step: countedAs });
  };
}

function sweepMetrics(registers: Registry[]): (outcome: SweepOutcome) => void {
  const rows = new Counter({
    name: 'chodae_swept_rows_total',
    help: 'Expired rows deleted.',
    labelNames: ['rows'],
    registers,
  });
  const failures = new Counter({
    name: 'chodae_sweep_failures_total',
    help: 'Sweeps that failed for rows of this kind.',
    labelNames: ['rows'],
    registers,
  });
  const last = new Gauge({
    name: 'chodae_sweep_finished_timestamp_seconds',
    help: 'When a sweep last deleted every expired row of this kind; 0: not yet.',
    aggregator: 'max',
    registers,
  });
  return ({ deleted, failed, finished }) => {
    for (const [name, count] of Object.entries(deleted)) rows.inc({ rows: name }, count);
    for (const name of Object.keys(failed)) failures.inc({ rows: name });
    if (finished && Object.keys(failed).length === 0) last.setToCurrentTime();
  };
}

function watchSources({ hashQueue, connections, guessesGuarded, holdsWithoutStep }: MetricSources, registers: Registry[]): void {
  watched('chodae_hash_queue_waiting', 'Passwords waiting to be hashed.', () => hashQueue().waiting, registers);
  watched('chodae_hash_queue_running', 'Passwords being hashed.', () => hashQueue().running, registers);
  if (guessesGuarded) {
    const help = 'Processes in which each network gets only a few wrong codes, because the guess budget is spent.';
    watched('chodae_guesses_guarded', help, () => Number(guessesGuarded()), registers);
  }
  watchHolds(holdsWithoutStep, registers);
  if (!connections) return;
  watched('chodae_database_pool_connections', 'Connections to PostgreSQL.', () => connections().total, registers);
  watched('chodae_database_pool_idle', 'Idle connections.', () => connections().idle, registers);
  watched('chodae_database_pool_waiting', 'Statements waiting for a connection.', () => connections().waiting, registers);
}

/** Every process reads the same database, so the aggregate is the maximum. If the database is too slow, the scrape has no sample. */
function watchHolds(read: () => Promise<number>, registers: Registry[]): void {
  new Gauge({
    name: 'chodae_seats_held_without_step',
    help: 'Seats held by sign-ups without a stored step, over all invitations with several seats.',
    aggregator: 'max',
    registers,
    async collect() {
      const holds = await inTime(read(), databasePatience);
      if (holds === undefined) this.remove();
      else this.set(holds);
    },
  });
}

/** @returns undefined if it failed or took too long. */
function inTime(answer: Promise<number>, milliseconds: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const late = setTimeout(resolve, milliseconds, undefined);
    answer
      .catch(() => undefined)
      .then((value) => {
        clearTimeout(late);
        resolve(value);
      });
  });
}

function watched(name: string, help: string, read: () => number, registers: Registry[]): void {
  new Gauge({
    name,
    help,
    registers,
    collect() {
      this.set(read());
    },
  });
}
