import type { Config } from '../../config/config.ts';
import { openMigratedDatabase } from '../../database/open.ts';
import { findUnreachableCodes, type UnreachableCodes } from '../../invitations/unreachable-codes.ts';
import { examinePhones, type PhonesFound } from '../../registration/count-phones.ts';
import { type Finding, pages } from './finding.ts';

/** Looks for rows of other programs that this one cannot use as they are. Only PostgreSQL has other programs. */
export async function examineRows({ database, registration: { phoneUnique, phoneRegion } }: Config): Promise<Finding[]> {
  if (database.kind === 'embedded') return [];
  // Other findings say why it cannot be read.
  const opened = await openMigratedDatabase({ ...database, poolSize: 1 }).catch(() => undefined);
  if (!opened) return [];
  try {
    return [
      codesFinding(await findUnreachableCodes(opened)),
      ...(phoneUnique ? [phonesFinding(await examinePhones(opened, phoneRegion))] : []),
    ];
  } catch {
    return [];
  } finally {
    await opened.close();
  }
}

function codesFinding({ count, ids, isComplete }: UnreachableCodes): Finding {
  const named = { name: 'typed codes', page: pages.codes };
  if (count === 0 && isComplete) return { ...named, verdict: 'ok', message: 'each is found by typing what is to be seen of it' };
  if (count === 0) return { ...named, verdict: 'warning', message: 'there are too many beyond ASCII to look at each' };
  const which = `${ids.join(', ')}${count > ids.length ? ' and more' : ''}`;
  return {
    ...named,
    verdict: 'warning',
    message: `${count} ${count === 1 ? 'code is' : 'codes are'} found by no typing: of control characters, too long, or read as something else; invitation ${which}`,
    advice: 'Give each a code that people can type: UPDATE "Invitation" SET code = \'…\' WHERE id = …',
  };
}

function phonesFinding(found: PhonesFound | undefined): Finding {
  const named = { name: 'phone numbers', page: pages.phones };
  if (!found)
    return {
      ...named,
      verdict: 'warning',
      message: 'there are too many accounts whose number is not counted; a running service counts them',
    };
  const { sharing, unreadable, counted } = found;
  const facts = [
    ...(sharing > 0 ? [`${sharing} share a number with another account`] : []),
    ...(unreadable > 0 ? [`${unreadable} have a number that cannot be read`] : []),
    ...(counted > 0 ? [`${counted} are not counted yet`] : []),
  ];
  if (facts.length === 0) return { ...named, verdict: 'ok', message: 'each account has a number of its own' };
  const advice =
    counted > 0 ? 'A running service counts them within a minute.' : 'Correct or delete the accounts; the others keep their numbers.';
  return { ...named, verdict: 'warning', message: `PHONE_UNIQUE does not hold for all accounts: ${facts.join(', ')}`, advice };
}
