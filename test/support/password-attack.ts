import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { type MeasuredRequest, measure, note, type Outcome, type Outcomes } from './measured-request.ts';
import { readSamples } from './prometheus-text.ts';
import { insertInvitation } from './ready-sessions.ts';
import { type ServerGroup, startServerGroup } from './server-group.ts';
import { samplePerson } from './sign-up-client.ts';

/** Who keeps the cores busy, and how. */
export interface PasswordAttack {
  readonly networks: number;
  /** Of each network. */
  readonly connections: number;
  /** `repeat`: each network has 40 sessions and sets their passwords again and again. `fresh`: a session for each password. */
  readonly sessions: 'repeat' | 'fresh';
}

/** Who wants a password meanwhile. */
export interface HonestCrowd {
  /** People who start per second, as a share of what the machine hashes per second without an attack. */
  readonly share: number;
  /** People behind one address before the next address comes. */
  readonly perNetwork: number;
  /** Whether refused clients come back as told. */
  readonly comeBack: boolean;
}

export interface AttackReport {
  /** Milliseconds that each honest person took to a password, refusals and the waits that they asked for included. */
  readonly served: readonly number[];
  /** How it ended for those who had none within `patience`. */
  readonly unserved: readonly string[];
  readonly attacker: Outcomes;
  /** Honest people who came in a second. */
  readonly perSecond: number;
  /** Requests that were refused because the event loop was late, which is no matter of hashing. */
  readonly shed: number;
}

/** Milliseconds. */
export const patience = 10_000;

/**
 * The limits as delivered, and clients with addresses of their own.
 * @param settings of hashing.
 */
export function startAttackedServer(settings: Readonly<Record<string, string>>): Promise<ServerGroup> {
  return startServerGroup({
    count: 1,
    kind: 'postgresql',
    settings: { RATE_LIMIT: 'on', TRUST_PROXY: 'loopback', METRICS_PORT: '0', ...settings },
  });
}

let networks = 0;
/** An address that is unique in this run. */
function newAddress(): string {
  networks += 1;
  return `10.${(networks >> 16) & 255}.${(networks >> 8) & 255}.${networks & 255}`;
}

/** Sends as a client with this address. */
function client(agent: Agent, url: string, address: string): (request: MeasuredRequest) => Promise<Outcome> {
  return (request) => measure(agent, url, { ...request, headers: { 'x-forwarded-for': address } });
}

/**
 * Attacks for so long while honest people come, once each attacker had a turn.
 * @param code with more seats than are needed.
 */
export async function attackPasswords(
  group: ServerGroup,
  seconds: number,
  attack: PasswordAttack,
  honest: HonestCrowd,
): Promise<AttackReport> {
  const code = `attacked-${networks}`;
  await insertInvitation(group.query, code, 100_000);
  const url = group.servers[0]?.url ?? '';
  const attacker: Outcomes = {};
  const served: number[] = [];
  const unserved: string[] = [];
  const isOver = () => performance.now() >= end;
  const agent = new Agent({ keepAlive: true });

  const perSecond = honest.share * (await hashesPerSecond(url, agent, code));
  const end = performance.now() + seconds * 1000;
  const attackers = Array.from({ length: attack.networks }, async () => {
    const send = client(agent, url, newAddress());
    const verify = async () =>
      (await send({ method: 'POST', path: '/auth/invitation/verify', body: { invitation_code: code } })).body?.sessionId;
    const sessions: unknown[] = [];
    while (attack.sessions === 'repeat' && sessions.length < 40 && !isOver()) sessions.push(await verify());
    let turn = 0;
    const connection = async () => {
      while (!isOver()) {
        const session_id = attack.sessions === 'fresh' ? await verify() : sessions[turn++ % sessions.length];
        // Its codes are used up.
        if (session_id === undefined) {
          await delay(250);
          continue;
        }
        const { name, password } = samplePerson();
        const outcome = await send({ method: 'PUT', path: '/auth/register/name', body: { session_id, name, password } });
        note(attacker, outcome);
        if (outcome.what !== '200') await delay(250);
      }
    };
    await Promise.all(Array.from({ length: attack.connections }, connection));
  });

  // Before its first turn an attacker is like any other client.
  const latest = performance.now() + (seconds * 1000) / 2;
  while (performance.now() < latest && (attacker['200']?.length ?? 0) < attack.networks) await delay(50);
  const people: Promise<void>[] = [];
  let address = '';
  while (!isOver()) {
    if (people.length % honest.perNetwork === 0) address = newAddress();
    people.push(
      setPassword(client(agent, url, address), code, honest.comeBack).then((outcome) => {
        if (typeof outcome === 'number') served.push(outcome);
        else unserved.push(outcome);
      }),
    );
    await delay(1000 / perSecond);
  }
  await Promise.all([...people, ...attackers]);
  agent.destroy();
  return { served, unserved, attacker, perSecond, shed: await shedRequests(group) };
}

async function shedRequests({ servers: [server] }: ServerGroup): Promise<number> {
  const metrics = /Metrics +(http\S+)/.exec(server?.output() ?? '')?.[1] ?? assert.fail('no metrics');
  return readSamples(await (await fetch(metrics)).text()).get('chodae_shed_requests_total') ?? assert.fail('not counted');
}

/** What the machine hashes while others use it too: three times as many people at once as it has threads. */
async function hashesPerSecond(url: string, agent: Agent, code: string): Promise<number> {
  const people = availableParallelism();
  const begun = performance.now();
  for (let round = 0; round < 3; round += 1) {
    await Promise.all(Array.from({ length: people }, () => setPassword(client(agent, url, newAddress()), code, true)));
  }
  return (3 * people * 1000) / (performance.now() - begun);
}

/**
 * One person.
 * @returns milliseconds; the outcome if no password was stored in time.
 */
async function setPassword(
  send: (request: MeasuredRequest) => Promise<Outcome>,
  code: string,
  comesBack: boolean,
): Promise<number | string> {
  const verified = await send({ method: 'POST', path: '/auth/invitation/verify', body: { invitation_code: code } });
  const session_id = verified.body?.sessionId;
  if (verified.what !== '200') return `verify ${verified.what}`;
  const { name, password } = samplePerson();
  const begun = performance.now();
  for (;;) {
    const { what, retryAfterSeconds } = await send({
      method: 'PUT',
      path: '/auth/register/name',
      body: { session_id, name, password },
    });
    const taken = performance.now() - begun;
    if (what === '200' && taken <= patience) return taken;
    if (!comesBack || !what.startsWith('503') || taken + retryAfterSeconds * 1000 > patience) return what;
    await delay(Math.max(retryAfterSeconds * 1000, 100));
  }
}
