import { createHash, type Hash, randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Actor } from '../../../audit.ts';
import type { Queryable } from '../../../database/database.ts';
import { startDeadline } from '../../../deadline.ts';
import { busyProblems, longWorkWait } from '../../../overload/long-work.ts';
import { type FieldError, Problem } from '../../../problems.ts';
import { bulkLimit } from '../../../time-limits.ts';
import { refuseCollisionsOfBatch, refuseUsableCollisions } from '../../code-collisions.ts';
import { invitationProblems } from '../../problems.ts';
import { invitationLifeRules } from '../../resolve-validity.ts';
import type { BulkServices } from '../create-in-bulk.ts';
import { bulkProblems } from '../problems.ts';
import { refreshStatistics } from '../store.ts';
import { importRules } from './import-rules.ts';
import { type ImportMode, type JudgedFile, judgeFile, maximumErrors } from './judge-file.ts';
import { insertImported, nameCampaignsOf, type UpdatedPart, updateImported } from './store.ts';
import { openTemporaryFile, type TemporaryFile } from './temporary-file.ts';

/** Milliseconds that a file waits for its turn: to send it again may take minutes, and a million codes are made in 20 s. */
const turnPatience = 30_000;

export interface ImportRequest {
  readonly actor: Actor;
  /** The field `Idempotency-Key`. */
  readonly key: string | undefined;
  /** The file, as it comes. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Whether everything is done and then undone. */
  readonly dryRun: boolean;
  readonly mode: ImportMode;
  /** Ends the work, and all of it is undone. */
  readonly signal: AbortSignal;
}

export interface Imported {
  readonly dry_run: boolean;
  readonly lines: number;
  readonly created: number;
  readonly updated: number;
  /** The first of the lines that changed an invitation. */
  readonly updated_lines: readonly number[];
  readonly unchanged: number;
  /** Shared by those that were created; null where none was. */
  readonly batch: string | null;
}

/**
 * Makes the invitations of a file, all or none. First the whole file comes and is judged; only then it takes its turn and a transaction begins, so that
 * a slow line holds up neither other files nor bulk requests. A code that exists already is left as it is, so a file may be sent again, or is changed
 * to what its line says.
 * @throws Problem `import_refused`, `import_busy`, `bulk_under_way`, `operators_busy`, `campaign_revoked`, `invitation_code_alike`, `import_space_missing`, `idempotency_key_reused`,
 *   `idempotency_key_invalid`; what `bytes` throws; the signal's reason.
 */
export async function importInvitations(services: BulkServices, request: ImportRequest): Promise<Imported> {
  const { actor, signal } = request;
  using _upload = services.uploads.take(actor.keyId);
  await using file = await openTemporaryFile().catch(refuseWithoutSpace);
  const digest = createHash('sha256');
  const { lines, errors, errorCount, columns } = await judgeFile(services, digested(request.bytes, digest), withSpace(file), request.mode);
  if (errorCount > 0) throw refusedImport(lines, errors, errorCount);
  using _turn = await services.turn.take({ milliseconds: turnPatience, busy: bulkProblems.bulk_under_way, signal });
  using _place = await services.longWork.take(longWorkWait(signal, busyProblems.operators_busy));
  const asked = [
    'POST',
    '/admin/invitations/import',
    digest.digest('hex'),
    ...(request.mode.asTheyAre ? ['as they are'] : []),
    ...(request.mode.update ? ['update'] : []),
  ];
  const imported = await storeAll(services, request, asked, file, { lines, columns });
  if (!request.dryRun) await refreshStatistics(services.database, imported.created);
  return imported;
}

const dryRunOver = new Error('a dry run is rolled back');

async function storeAll(
  { database, audit, once }: BulkServices,
  { actor, key, dryRun, mode, signal }: ImportRequest,
  asked: unknown,
  file: TemporaryFile,
  { lines, columns }: Pick<JudgedFile, 'lines' | 'columns'>,
): Promise<Imported> {
  const batch = randomUUID();
  let answer: Imported | undefined;

  const all = (transaction: Queryable) => async (): Promise<Imported> => {
    let created = 0;
    const updated: number[] = [];
    const reopened: number[] = [];
    const refused: FieldError[] = [];
    for await (const imported of file.texts()) {
      signal.throwIfAborted();
      created += await insertImported(transaction, imported, actor.label, batch);
      if (mode.update) {
        const part = await updateImported(transaction, imported, batch, columns);
        updated.push(...part.updated);
        reopened.push(...part.reopened);
        refused.push(...part.refused.map(asError));
      }
      // The embedded database runs in this thread and does not yield by itself.
      await nextTurn();
    }
    if (refused.length > 0) throw refusedImport(lines, refused.slice(0, maximumErrors), refused.length);
    const revoked = await nameCampaignsOf(transaction, batch);
    if (revoked !== undefined) throw new Problem(invitationProblems.campaign_revoked, { members: { campaign: revoked } });
    // Again: others may have made codes since the file was judged.
    await refuseCollisionsOfBatch(transaction, batch, nextTurn);
    await refuseUsableCollisions(transaction, reopened);
    const counts = { lines, created, updated: updated.length, unchanged: lines - created - updated.length };
    answer = { dry_run: dryRun, ...counts, updated_lines: updated.slice(0, maximumErrors), batch: created > 0 && !dryRun ? batch : null };
    if (dryRun) throw dryRunOver;
    const { updated: changed, ...others } = counts;
    const after = { ...others, ...(mode.update && { updated: changed }), batch: answer.batch };
    await audit(transaction, actor, { action: 'invitation.import', subject: 'invitation', after });
    return answer;
  };

  try {
    const deadline = startDeadline(bulkLimit, signal);
    return (await database.transaction((transaction) => once(transaction, { actor, key, asked }, all(transaction)), deadline)).answer;
  } catch (error) {
    if (error === dryRunOver && answer) return answer;
    throw error;
  }
}

function refusedImport(lines: number, errors: readonly FieldError[], count: number): Problem {
  return new Problem(bulkProblems.import_refused, { errors, values: { errors: count }, members: { lines, error_count: count } });
}

function asError({ line, why, used }: UpdatedPart['refused'][number]): FieldError {
  if (why === 'seats') return { line, field: 'max_uses', rule: importRules.seats_in_use, values: { used } };
  if (why === 'revoked') return { line, field: 'campaign', rule: importRules.campaign_revoked };
  return { line, field: 'expires_at', rule: invitationLifeRules.expiry_before_start };
}

async function* digested(bytes: AsyncIterable<Uint8Array>, digest: Hash): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of bytes) {
    digest.update(chunk);
    yield chunk;
  }
}

/** The same file; where the disk is full, the refusal says so. */
function withSpace(file: TemporaryFile): TemporaryFile {
  return { ...file, append: (text) => file.append(text).catch(refuseWithoutSpace) };
}

function refuseWithoutSpace(cause: unknown): never {
  throw new Problem(bulkProblems.import_space_missing, { cause });
}
