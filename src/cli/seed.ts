import type { Command } from 'commander';
import type { Config } from '../config/config.ts';
import type { Sentence } from '../errors.ts';
import { testCodes } from '../invitations/seed-test-codes.ts';
import { testCodesRenewed } from './answers.ts';
import { asOperator, type Operator } from './as-operator.ts';
import { assertCanConfirm, confirmedAtTerminal } from './confirm.ts';
import { untilInterrupted } from './interrupt.ts';
import { showMomentAndZone } from './local-moment.ts';
import { languageFromEnvironment, translate } from './messages.ts';
import { printResult } from './output.ts';
import { settingsFromHere } from './settings.ts';

const question = {
  ko: 'NODE_ENV가 production입니다. README를 읽은 사람은 누구나 {first}~{last} 코드로 하루 동안 가입할 수 있게 됩니다. 계속할까요?',
  en: 'NODE_ENV is production. Anybody who has read the README could sign up with {first} to {last}, for a day. Go on?',
} satisfies Sentence;

const values = { first: testCodes[0] ?? '', last: testCodes.at(-1) ?? '' };

interface SeedFlags {
  readonly yes?: true;
  readonly json?: true;
}

/** `chodae seed`: makes TEST001 to TEST005 work for a day, new or again; in production it asks first. */
export function addSeedCommand(program: Command): void {
  program
    .command('seed')
    .description(`make the codes ${values.first} to ${values.last} work for a day, new or again`)
    .option('--yes', 'do not ask, where NODE_ENV is production')
    .option('--json', 'print one JSON document')
    .action(async (flags: SeedFlags) => {
      const config = settingsFromHere();
      if (config.isProduction) await confirmProduction(flags);
      const expires_at = await renew(config);
      printResult(flags.json, { codes: testCodes, expires_at }, [
        `These codes can be used until ${showMomentAndZone(expires_at)}: ${testCodes.join(', ')}.`,
      ]);
    });
}

async function confirmProduction(flags: SeedFlags): Promise<void> {
  const language = languageFromEnvironment(process.env);
  assertCanConfirm(flags, language);
  await untilInterrupted((interrupt) =>
    confirmedAtTerminal(translate({ sentence: question, values }, language), flags, language, interrupt),
  );
}

/** As an operator: an embedded database may be open in another process, which then does it, and the audit log says so. */
async function renew(settings: Config): Promise<string> {
  let until = '';
  const renewIn = async ({ client }: Operator) => {
    until = (await client.request({ method: 'POST', path: '/admin/test-codes' }, testCodesRenewed)).body.expires_at;
  };
  await asOperator({}, renewIn, { settings, ...(settings.database.kind === 'postgresql' && { announce: () => {} }) });
  return until;
}
