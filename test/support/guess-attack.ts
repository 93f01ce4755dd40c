import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { measure, note, type Outcomes } from './measured-request.ts';
import { insertInvitation } from './ready-sessions.ts';
import { type ServerGroup, startServerGroup } from './server-group.ts';

export interface GuessAttack {
  readonly seconds: number;
  /** Addresses that guess all the time, beside those that spend the budget at the beginning. */
  readonly networks: number;
  /** Of all of them together, a second. */
  readonly guessesPerSecond: number;
  /** Offices of 30 that come, one after another, a second. */
  readonly officesPerSecond: number;
}

export interface GuessReport {
  /** What honest people were answered to their right code. */
  readonly right: Outcomes;
  /** And to what they had mistyped. */
  readonly mistyped: Outcomes;
  readonly attacker: Outcomes;
  readonly offices: number;
}

/** The default limit of wrong codes in total. */
export const budget = 1_000;
const people = 30;
const mistakes = 10;

/** Two processes, so that what one learns the other has to know. */
export function startGuessedServers(): Promise<ServerGroup> {
  return startServerGroup({ count: 2, kind: 'postgresql', settings: { RATE_LIMIT: 'on', TRUST_PROXY: 'loopback' } });
}

let networks = 0;
function newAddress(): string {
  networks += 1;
  return `10.${(networks >> 16) & 255}.${(networks >> 8) & 255}.${networks & 255}`;
}

/** Spends the budget of wrong codes, goes on guessing, and sends offices of 30 people with ten typos each. */
export async function attackGuesses(group: ServerGroup, attack: GuessAttack): Promise<GuessReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const attacker: Outcomes = {};
  const right: Outcomes = {};
  const mistyped: Outcomes = {};
  let sent = 0;
  async function verify(address: string, invitation_code: string, outcomes: Outcomes): Promise<void> {
    sent += 1;
    const url = group.servers[sent % group.servers.length]?.url ?? '';
    const request = { method: 'POST', path: '/auth/invitation/verify', body: { invitation_code }, headers: { 'x-forwarded-for': address } };
    note(outcomes, await measure(agent, url, request));
  }
  const guess = (address: string) => verify(address, `guess-${sent}`, attacker);

  // Two addresses, each below its own limit of 600.
  const spenders = [newAddress(), newAddress()];
  await inGroups(Array.from({ length: budget + 20 }, (_, index) => () => guess(spenders[index % 2] ?? '')));

  await insertInvitation(group.query, 'WELCOME', 100_000);
  const end = performance.now() + attack.seconds * 1000;
  const guessers = Array.from({ length: attack.networks }, newAddress);
  const guessing = (async () => {
    for (let index = 0; performance.now() < end; index += 1) {
      await Promise.all([guess(guessers[index % guessers.length] ?? ''), delay(1000 / attack.guessesPerSecond)]);
    }
  })();
  const offices: Promise<void>[] = [];
  while (performance.now() < end) {
    offices.push(office(newAddress(), offices.length));
    await delay(1000 / attack.officesPerSecond);
  }
  await Promise.all([...offices, guessing]);
  agent.destroy();
  return { right, mistyped, attacker, offices: offices.length };

  /** The mistakes first, all at once, or each before the code that was meant. */
  async function office(address: string, kind: number): Promise<void> {
    const enter = () => verify(address, 'WELCOME', right);
    const mistype = () => verify(address, 'WELCMOE', mistyped);
    const several = <Value>(count: number, work: () => Promise<Value>) => Promise.all(Array.from({ length: count }, work));
    if (kind % 3 === 0) {
      for (let mistake = 0; mistake < mistakes; mistake += 1) await mistype();
      await several(people, enter);
    } else if (kind % 3 === 1) {
      await Promise.all([several(mistakes, mistype), several(people, enter)]);
    } else {
      for (let person = 0; person < people; person += 1) {
        if (person % 3 === 0) await mistype();
        await enter();
      }
    }
  }
}

/** A few at a time: how much a machine can do at once is not tested here. */
async function inGroups(work: readonly (() => Promise<void>)[]): Promise<void> {
  const waiting = [...work];
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await next();
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}
