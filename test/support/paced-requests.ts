import { Agent } from 'node:http';
import { type MeasuredRequest, measure, note, type Outcomes } from './measured-request.ts';

export interface PacedRequests {
  /** How all ended so far. */
  readonly outcomes: Outcomes;
  /** Sends no more, and resolves when each has ended. */
  stop(): Promise<Outcomes>;
}

/**
 * Sends so many requests a second however slowly they are answered, as people who do not know of each other do. Each is measured from the moment at
 * which it was due, so that a pause of this process or of the server is in the times of all whom it met.
 * @param asked the requests, in turn.
 */
export function startPacedRequests(baseUrl: string, perSecond: number, asked: readonly MeasuredRequest[]): PacedRequests {
  const agent = new Agent({ keepAlive: true });
  const outcomes: Outcomes = {};
  const underWay = new Set<Promise<void>>();
  const begun = performance.now();
  let sent = 0;
  const sending = setInterval(() => {
    for (let due = begun + (sent * 1000) / perSecond; due <= performance.now(); due = begun + (sent * 1000) / perSecond) {
      const one = measure(agent, baseUrl, asked[sent % asked.length] as MeasuredRequest, due)
        .then((outcome) => note(outcomes, outcome))
        .finally(() => underWay.delete(one));
      underWay.add(one);
      sent += 1;
    }
  }, 2);
  return {
    outcomes,
    async stop() {
      clearInterval(sending);
      await Promise.all(underWay);
      agent.destroy();
      return outcomes;
    },
  };
}
