import { readFileSync } from 'node:fs';
import { isOperatorKey } from '../operators/operator-key.ts';
import type { Language, Sentence } from '../problems.ts';
import type { CommandContext } from './context.ts';
import { UsageError } from './exit-codes.ts';
import { type Message, translate } from './messages.ts';

/** Never an option: the arguments of a process can be read by everybody on the machine, and stay in the history of the shell. */
const variable = 'CHODAE_OPERATOR_KEY';

const sentences = {
  missing: {
    ko: '다른 서버에는 운영자 키가 필요합니다. 환경 변수 {variable}에 넣거나, 키가 든 파일을 --key-file로 지정하세요.',
    en: 'A service at --url asks for an operator key: put one into the environment variable {variable}, or name a file that holds it with --key-file.',
  },
  unreadable: { ko: '--key-file {file}: 읽을 수 없습니다({reason}).', en: '--key-file {file} cannot be read ({reason}).' },
  noKey: {
    ko: '{source}에 있는 것은 운영자 키가 아닙니다. 키는 chodae_key_로 시작합니다.',
    en: '{source} holds no operator key: a key begins with chodae_key_.',
  },
} satisfies Record<string, Sentence>;

/**
 * @param keyFile what `--key-file` names.
 * @returns the operator key for a service elsewhere.
 * @throws UsageError where there is none; no sentence has anything of what was found instead.
 */
export function operatorKeyFromHere(keyFile: string | undefined, language: Language, environment: CommandContext['environment']): string {
  const misuse = (remark: Message) => new UsageError(translate(remark, language));
  if (keyFile !== undefined) {
    const key = readKeyFile(keyFile, (reason) => misuse({ sentence: sentences.unreadable, values: { file: keyFile, reason } }));
    if (!isOperatorKey(key)) throw misuse({ sentence: sentences.noKey, values: { source: `--key-file ${keyFile}` } });
    return key;
  }
  const key = environment[variable]?.trim();
  if (!key) throw misuse({ sentence: sentences.missing, values: { variable } });
  if (!isOperatorKey(key)) throw misuse({ sentence: sentences.noKey, values: { source: variable } });
  return key;
}

function readKeyFile(file: string, unreadable: (reason: string) => UsageError): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw unreadable((error as NodeJS.ErrnoException).code ?? 'unknown');
  }
}
