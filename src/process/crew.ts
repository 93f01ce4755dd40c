import cluster, { type Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { asWorkerMessage } from './messages.ts';

export interface CrewOptions {
  /** Workers that share the port. */
  readonly size: number;
  readonly log: Logger;
  /** Milliseconds that a worker may take to end before it is killed. */
  readonly endLimit: number;
  /** Hears of each worker when it is made and when it has ended. */
  readonly onBegin?: (worker: Worker) => void;
  readonly onEnd?: (worker: Worker) => void;
  readonly onReplaced?: () => void;
}

/** Worker processes, each replaced when it dies. */
export interface Crew {
  /**
   * Starts one worker, and the others when it answers requests, so that what keeps all of them from starting is said once.
   * @returns the lines that the first worker had for people; a number, the exit code, where it does not start.
   */
  start(): Promise<readonly string[] | number>;
  /** Resolves with an exit code when no worker can be started any more. */
  readonly hopeless: Promise<number>;
  /** Puts a new worker in the place of each, one after another; stops at the first that does not start. @returns whether all were replaced. */
  replaceAll(): Promise<boolean>;
  /** Hands a signal to every worker and waits until they have ended; those that take too long are killed. @returns whether all ended well. */
  stop(signal: NodeJS.Signals): Promise<boolean>;
  readyCount(): number;
}

interface Member {
  readonly worker: Worker;
  readonly begun: number;
  /** The lines for people; undefined: it ended before it was ready. */
  readonly ready: Promise<readonly string[] | undefined>;
  readonly ended: Promise<Exit>;
  isReady: boolean;
  /** Somebody waits for it to be ready, and decides what to do if it never is. */
  isAwaited: boolean;
  /** It was told to end. */
  isLeaving: boolean;
}

interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A worker that lived for so many milliseconds had started well; one that did not is followed by a pause. */
const goodLife = 10_000;
/** Milliseconds before a worker is replaced: after the first that died young, and at most. */
const [firstPause, longestPause] = [250, 30_000];
/** When so many died young one after another and no worker is left, a supervisor has to look. */
const mostFailures = 5;

export function openCrew(options: CrewOptions): Crew {
  const { size, log, endLimit } = options;
  const members = new Set<Member>();
  let failures = 0;
  let isStopping = false;
  let giveUp: (code: number) => void = () => {};
  const hopeless = new Promise<number>((resolve) => {
    giveUp = resolve;
  });

  function begin(isAwaited = false): Member {
    const member = fork(options, isAwaited);
    members.add(member);
    void member.ended.then((exit) => end(member, exit));
    return member;
  }

  function end(member: Member, { code, signal }: Exit): void {
    members.delete(member);
    options.onEnd?.(member.worker);
    if (member.isLeaving || member.isAwaited || isStopping) return;
    failures = performance.now() - member.begun < goodLife ? failures + 1 : 0;
    if (failures >= mostFailures && readyCount() === 0) {
      giveUp(1);
      return;
    }
    const pause = failures === 0 ? 0 : Math.min(longestPause, firstPause * 2 ** (failures - 1));
    log.error({ code, signal, pause }, 'a worker died; another takes its place');
    options.onReplaced?.();
    void delay(pause).then(() => {
      if (!isStopping && members.size < size) begin();
    });
  }

  function readyCount(): number {
    return [...members].filter((member) => member.isReady).length;
  }

  return {
    hopeless,
    readyCount,
    async start() {
      const first = begin(true);
      const lines = await first.ready;
      if (lines === undefined) return (await first.ended).code || 1;
      first.isAwaited = false;
      for (let number = 1; number < size && !isStopping; number += 1) begin();
      return lines;
    },
    async replaceAll() {
      for (const old of [...members]) {
        if (isStopping) return false;
        if (!members.has(old)) continue;
        const successor = begin(true);
        if ((await successor.ready) === undefined) {
          // The old one may have died meanwhile, and was not replaced because this one was on its way.
          if (members.size < size && !isStopping) begin();
          return false;
        }
        successor.isAwaited = false;
        if (members.has(old)) await dismiss([old], 'SIGTERM', endLimit);
      }
      return true;
    },
    async stop(signal) {
      isStopping = true;
      const leaving = [...members];
      const exits = await dismiss(leaving, signal, endLimit);
      // One that was only starting served nobody, and may not have listened to signals yet.
      return exits.every(({ code, signal: endedBy }, index) => code === 0 || (endedBy === signal && !leaving[index]?.isReady));
    },
  };
}

/** Tells workers to end, and kills those that take too long. */
async function dismiss(leaving: readonly Member[], signal: NodeJS.Signals, limit: number): Promise<Exit[]> {
  for (const member of leaving) {
    member.isLeaving = true;
    member.worker.process.kill(signal);
  }
  const late = setTimeout(() => {
    for (const { worker } of leaving) worker.process.kill('SIGKILL');
  }, limit);
  const exits = await Promise.all(leaving.map((member) => member.ended));
  clearTimeout(late);
  return exits;
}

function fork({ onBegin, log }: CrewOptions, isAwaited: boolean): Member {
  const worker = cluster.fork();
  onBegin?.(worker);
  const ended = new Promise<Exit>((resolve) => {
    worker.once('exit', (code, signal) => resolve({ code, signal }));
    worker.on('error', (error: NodeJS.ErrnoException) => {
      log.error({ reason: error.code }, 'a worker cannot be started, or does not hear');
      // The operating system made no process: none will end.
      if (!worker.process.pid) resolve({ code: 1, signal: null });
    });
  });
  const ready = new Promise<readonly string[] | undefined>((resolve) => {
    worker.on('message', (raw: unknown) => {
      const message = asWorkerMessage(raw);
      if (message?.chodae === 'ready') resolve(message.lines);
    });
    void ended.then(() => resolve(undefined));
  });
  const member: Member = { worker, begun: performance.now(), ready, ended, isReady: false, isAwaited, isLeaving: false };
  void ready.then((lines) => {
    member.isReady = lines !== undefined;
  });
  return member;
}
