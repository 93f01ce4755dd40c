import type { Command } from 'commander';
import type { Config } from '../config/config.ts';
import { testCodes } from '../invitations/seed-test-codes.ts';
import type { Sentence } from '../problems.ts';
import { testCodesRenewed } from './answers.ts';
import { asOperator, type Operator } from './as-operator.ts';
import { assertCanConfirm, confirmed } from './confirm.ts';
import type { CommandContext } from './context.ts';
import { showMomentAndZone } from './local-moment.ts';
import { translate } from './messages.ts';
import { printResult } from './output.ts';
import { settingsFromHere } from './settings.ts';

const question = {
  ko: 'NODE_ENV가 production입니다. README를 읽은 사람은 누구나 {first}~{last} 코드로 하루 동안 가입할 수 있게 됩니다. 계속할까요?',
  en: 'NODE_ENV is production. Anyone who has read the README could sign up with {first} to {last}, for a day. Go on?',
} satisfies Sentence;

const values = { first: testCodes[0] ?? '', last: testCodes.at(-1) ?? '' };

interface SeedFlags {
  readonly yes?: true;
  readonly json?: true;
}

/** `chodae seed`: makes TEST001 to TEST005 work for a day, new or again; in production it asks first. */
export function addSeedCommand(program: Command, context: CommandContext): void {
  program
    .command('seed')
    .description(`make the codes ${values.first} to ${values.last} work for a day, new or again`)
    .option('--yes', 'do not ask, where NODE_ENV is production')
    .option('--json', 'print one JSON document')
    .action(async (flags: SeedFlags) => {
      const config = settingsFromHere(context);
      if (config.isProduction) await confirmProduction(flags, context);
      const expires_at = await renew(config, context);
      printResult(context, flags.json, { codes: testCodes, expires_at }, [
        `These codes can be used until ${showMomentAndZone(expires_at, config.registration.timeZone)}: ${testCodes.join(', ')}.`,
      ]);
    });
}

async function confirmProduction(flags: SeedFlags, context: CommandContext): Promise<void> {
  assertCanConfirm(flags, context);
  await confirmed(translate({ sentence: question, values }, context.language), flags, context);
}

/** As an operator: an embedded database may be open in another process, which then does it, and the audit log says so. */
async function renew(settings: Config, context: CommandContext): Promise<string> {
  let until = '';
  const renewIn = async ({ client }: Operator) => {
    until = (await client.request({ method: 'POST', path: '/admin/test-codes' }, testCodesRenewed)).body.expires_at;
  };
  await asOperator(context, {}, renewIn, { settings, ...(settings.database.kind === 'postgresql' && { announce: () => {} }) });
  return until;
}
