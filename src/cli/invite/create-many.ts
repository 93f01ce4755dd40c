import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sentence } from '../../problems.ts';
import { bulkEvent } from '../answers.ts';
import { ConnectionError, foreignAnswer, problemError, readJsonLines } from '../api-client.ts';
import type { Operator } from '../as-operator.ts';
import { CommandError } from '../exit-codes.ts';
import { startProgressLine } from '../progress-line.ts';
import { type CodeOutput, type MadeInvitation, openCodeOutput } from './code-output.ts';
import type { CreateFlags } from './create.ts';

const sentences = {
  progress: { ko: '{of}개 중 {created}개를 만들었습니다', en: '{created} of {of} made' },
  created: { ko: '초대 {count}개를 만들었습니다(묶음 {batch}).', en: '{count} invitations created (batch {batch}).' },
  allOrNone: {
    ko: '초대는 모두 만들어졌거나 하나도 만들어지지 않았습니다. chodae invite list로 확인하세요.',
    en: 'Either all of the invitations were made or none: look with chodae invite list.',
  },
  allMade: {
    ko: '초대는 모두 만들어졌습니다. 코드는 chodae invite export로 받을 수 있습니다.',
    en: 'All of the invitations were made: chodae invite export gives their codes.',
  },
} satisfies Record<string, Sentence>;

/** Codes that are written at once. */
const writtenAtOnce = 500;
/** Milliseconds before a lost answer is asked for again. */
const pause = 500;

interface Made {
  readonly created: number;
  readonly batch: string;
}

/** How much of an answer was read; more than one answer where the first was lost. */
interface Reading {
  /** Codes that went to the output. */
  written: number;
  /** The service has said so, by a first code if by nothing else. */
  areMade: boolean;
}

/** Makes more than a thousand invitations, all or none, and writes their codes as they come. */
export async function createMany(operator: Operator, flags: CreateFlags, body: object): Promise<void> {
  const output = await openCodeOutput(flags, operator, true);
  const reading: Reading = { written: 0, areMade: false };
  const ask = askWith(operator, body, flags.count, randomUUID());
  try {
    const made = await ask(output, reading).catch(async (error: unknown) => {
      if (!(error instanceof ConnectionError && error.mayBeBack)) throw error;
      await sleep(pause);
      return ask(output, reading);
    });
    if (made) await output.finish(made, operator.say(sentences.created, { count: made.created, batch: made.batch }));
  } catch (error) {
    throw withWhatIsKnown(error, reading, operator);
  } finally {
    await output.discard();
  }
}

/** With the same key the service makes nothing twice, and tells the same codes in the same order again. */
function askWith({ client, language, say, stderr }: Operator, body: object, count: number, key: string) {
  return async (output: CodeOutput, reading: Reading): Promise<Made | undefined> => {
    const progress = startProgressLine(stderr);
    const headers = { 'idempotency-key': key };
    try {
      const answer = await client.stream({ method: 'POST', path: '/admin/invitations/bulk', body, headers });
      let waiting: MadeInvitation[] = [];
      let told = 0;
      const write = async () => {
        const isRead = await output.add(waiting);
        reading.written += waiting.length;
        waiting = [];
        return isRead;
      };
      const foreign = () => foreignAnswer(answer.status, language);
      for await (const line of readJsonLines(answer.body, foreign)) {
        const judged = bulkEvent.safeParse(line);
        if (!judged.success) throw foreign();
        const event = judged.data;
        reading.areMade ||= event.event === 'invitation' || (event.event === 'failed' && event.batch !== undefined);
        if (event.event === 'failed') throw problemError({ status: event.problem.status, headers: {} }, event.problem, language);
        if (event.event === 'progress') progress.show(say(sentences.progress, { created: event.created, of: event.of }));
        if (event.event === 'invitation') {
          progress.clear();
          told += 1;
          if (told > count) throw foreign();
          if (told > reading.written) waiting.push({ id: event.id, code: event.code, link: event.link });
          if (waiting.length >= writtenAtOnce && !(await write())) return undefined;
        }
        if (event.event === 'done' && (event.created !== count || told !== count)) throw foreign();
        if (event.event === 'done') return (await write()) ? { created: event.created, batch: event.batch } : undefined;
      }
      throw new CommandError(say(sentences.allOrNone));
    } finally {
      progress.clear();
    }
  };
}

/** Without an answer, or without the file, the operator has to know what became of the invitations. */
function withWhatIsKnown(error: unknown, { areMade }: Reading, { signal, say }: Operator): unknown {
  if (!(error instanceof CommandError)) return error;
  if (areMade) return new CommandError(`${error.message} ${say(sentences.allMade)}`, error.problem);
  const isUnknown = error instanceof ConnectionError && (error.mayBeBack || signal.aborted);
  return isUnknown ? new CommandError(`${error.message} ${say(sentences.allOrNone)}`) : error;
}
