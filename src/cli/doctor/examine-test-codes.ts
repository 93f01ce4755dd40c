import type { Config } from '../../config/config.ts';
import { until } from '../../database/database.ts';
import { openMigratedDatabase } from '../../database/open.ts';
import { startDeadline } from '../../deadline.ts';
import { isForTrying, testCodes, usableTestCodes } from '../../invitations/seed-test-codes.ts';
import { readLocalAccess } from '../../operators/local-access.ts';
import { requestLimit } from '../../time-limits.ts';
import { invitationsFound } from '../answers.ts';
import { createApiClient } from '../api-client.ts';
import type { CommandContext } from '../context.ts';
import { type Finding, pages } from './finding.ts';

const named = { name: 'test codes', page: pages.testCodes };

/** Checks whether public codes can be used. An embedded database is asked through the service that has it open. */
export async function examineTestCodes(config: Config, context: CommandContext): Promise<Finding[]> {
  const usable = await findUsable(config.database, context).catch(() => undefined);
  if (usable === undefined) return config.database.kind === 'embedded' ? [notRunning] : [];
  if (usable.length === 0) return [{ ...named, verdict: 'ok', message: 'none can be used' }];
  return [
    {
      ...named,
      verdict: isForTrying(config) ? 'warning' : 'problem',
      message: `anyone who has read the README can sign up with ${usable.join(', ')}`,
      advice: `Run: ${usable.map((code) => `npx chodae invite revoke ${code} --yes`).join('; ')}`,
    },
  ];
}

const notRunning: Finding = {
  ...named,
  verdict: 'ok',
  message: 'not looked at, because the service is not running; its start names those that can be used',
};

/** @returns codes; undefined if they cannot be read now; other findings say why. */
async function findUsable(database: Config['database'], context: CommandContext): Promise<readonly string[] | undefined> {
  if (database.kind === 'embedded') return askRunning(database.directory, context);
  const opened = await openMigratedDatabase({ ...database, poolSize: 1 });
  try {
    return (await usableTestCodes(until(startDeadline(requestLimit), opened))).map(({ code }) => code);
  } finally {
    await opened.close();
  }
}

async function askRunning(directory: string, { language, signal }: CommandContext): Promise<readonly string[] | undefined> {
  const access = readLocalAccess(directory);
  if (!access) return undefined;
  const client = createApiClient({ ...access, language, signal });
  try {
    const usable: string[] = [];
    for (const code of testCodes) {
      const query = { code, total: 'none' };
      const { body } = await client.request({ method: 'GET', path: '/admin/invitations', query }, invitationsFound);
      if (body.items.some((item) => item.code === code && item.status === 'usable')) usable.push(code);
    }
    return usable;
  } finally {
    client.close();
  }
}
