import type { Command } from 'commander';
import type { Config } from '../../config/config.ts';
import { readLocalAccess } from '../../operators/local-access.ts';
import type { Sentence } from '../../problems.ts';
import { previewLinkMade } from '../answers.ts';
import { addOperatorOptions, asOperator, type Operator, type OperatorFlags } from '../as-operator.ts';
import type { CommandContext } from '../context.ts';
import { CommandError } from '../exit-codes.ts';
import { showMoment } from '../local-moment.ts';
import { translate } from '../messages.ts';
import { printResult } from '../output.ts';
import { settingsFromHere } from '../settings.ts';

const sentences = {
  until: {
    ko: '{until}까지 쓸 수 있습니다. 아무것도 저장되지 않고 초대도 쓰이지 않습니다.',
    en: 'Works until {until}. Nothing is stored, and no invitation is spent.',
  },
  notRunning: {
    ko: '서비스가 실행되고 있지 않습니다. 먼저 chodae serve를 실행하세요.',
    en: 'The service is not running: start it with chodae serve first.',
  },
} satisfies Record<string, Sentence>;

/** `chodae invite preview` */
export function addInvitePreview(invite: Command, context: CommandContext): void {
  const command = invite.command('preview').description('print a link to look at the sign-up page for ten minutes; it stores nothing');
  addOperatorOptions(command).action((flags: OperatorFlags) => {
    if (flags.url !== undefined) return asOperator(context, flags, (operator) => printLink(operator, flags.url, flags));
    const settings = settingsFromHere(context);
    refuseWithoutService(settings, context);
    return asOperator(context, flags, (operator) => printLink(operator, addressOf(settings.http), flags), { settings });
  });
}

/** The process that has the embedded database open signs its links with a key of its own. */
function refuseWithoutService({ database }: Config, { language }: CommandContext): void {
  if (database.kind !== 'embedded' || readLocalAccess(database.directory)) return;
  throw new CommandError(translate({ sentence: sentences.notRunning }, language));
}

/** Where a service with these settings is reached from this machine. */
function addressOf({ host, port, tls }: Config['http']): string {
  const here = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `${tls ? 'https' : 'http'}://${here}:${port}`;
}

/** @param base for a service that does not know its own address. */
async function printLink(operator: Operator, base: string | undefined, { json }: OperatorFlags): Promise<void> {
  const { body } = await operator.client.request({ method: 'POST', path: '/admin/preview-links' }, previewLinkMade);
  const link = body.link ?? `${base}${body.path}`;
  printResult(operator, json, { link, expires_at: body.expires_at }, [link]);
  if (!json && operator.stdout.isTTY)
    operator.stderr.write(`${operator.say(sentences.until, { until: showMoment(body.expires_at, operator.timeZone) })}\n`);
}
