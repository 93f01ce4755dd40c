import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import bcrypt from 'bcrypt';
import { verifyPassword } from '../../test/support/verify-password.ts';
import { Problem } from '../problems.ts';
import { measureHashMilliseconds, openPasswordHasher } from './hasher.ts';

const hasher = openPasswordHasher({ cost: 4, threads: 2, maximumWaitSeconds: 60 });
after(() => hasher.close());

/**
 * Python's binding of the system's libcrypt, if both exist (until Python 3.12).
 * @returns undefined if not.
 */
async function hashByLibcrypt(password: string, hash: string): Promise<string | undefined> {
  const program = "import sys, crypt; sys.stdout.write(crypt.crypt(sys.argv[1], sys.argv[2]) or '')";
  try {
    const { stdout } = await promisify(execFile)('python3', ['-W', 'ignore', '-c', program, password, hash]);
    return stdout.startsWith('$2b$') ? stdout : undefined;
  } catch {
    return undefined;
  }
}

const ascii = 'Aa1!'.repeat(18);
const hangul = '동해물과백두산이마르고닳도록하느님이보우하사우리';
const emoji = '🔑🪁🫖🎈🎉🎁'.repeat(3);
const passwords = ['securePass123!', ' spaces kept ', ascii.slice(1), ascii, `${hangul.slice(1)}ab`, hangul, emoji, `${emoji.slice(2)}abc`];

test('returns `$2b$`, the configured cost and a new salt each time', async () => {
  const [first, second] = await Promise.all([hasher.hash('securePass123!'), hasher.hash('securePass123!')]);
  assert.match(first ?? '', /^\$2b\$04\$[./A-Za-z0-9]{53}$/);
  assert.notEqual(first, second);
  const costly = openPasswordHasher({ cost: 6, threads: 1, maximumWaitSeconds: 60 });
  assert.match(await costly.hash('securePass123!'), /^\$2b\$06\$/);
  await costly.close();
});

test('hashes the whole password up to 72 bytes: ASCII, Hangul, emoji', async () => {
  for (const password of passwords) {
    const hash = await hasher.hash(password);
    assert.equal(await bcrypt.compare(password, hash), true, password);
    assert.equal(await bcrypt.compare(Array.from(password).slice(0, -1).join(''), hash), false, password);
    assert.equal(await verifyPassword(password, hash), true, password);
  }
});

test('hashes match another implementation', async (context) => {
  if ((await hashByLibcrypt('x', await hasher.hash('x'))) === undefined)
    return context.skip('no python3 with crypt and a libcrypt that knows bcrypt');
  for (const password of passwords) {
    const hash = await hasher.hash(password);
    assert.equal(await hashByLibcrypt(password, hash), hash, password);
  }
});

test('input that bcrypt would truncate never reaches it', async () => {
  for (const password of [`${ascii}x`, `${hangul}x`, `${emoji}x`, 'securePass\x00123'])
    await assert.rejects(hasher.hash(password), RangeError);
});

test('hashes the bytes of NFC', async () => {
  const hash = await hasher.hash(hangul.normalize('NFD'));
  assert.equal(await bcrypt.compare(hangul.normalize('NFC'), hash), true);
});

test('part of a flood is refused at once, and each other request gets the hash of its own password', async () => {
  const flooded = openPasswordHasher({ cost: 4, threads: 2, maximumWaitSeconds: 0.02 });
  await flooded.hash('one to start the threads');
  const asked = Array.from({ length: 200 }, (_, at) => `flood of passwords ${at}`);
  const outcomes = asked.map((password) => flooded.hash(password).catch((error: unknown) => error));
  const admitted = flooded.state().waiting + flooded.state().running;
  const results = await Promise.all(outcomes);
  await flooded.close();

  const refusals = results.filter((result) => result instanceof Problem && result.kind.code === 'overloaded');
  assert.ok(admitted >= 2 && admitted < 200, `${admitted} admitted`);
  assert.ok(refusals.length >= 200 - admitted);
  for (const refusal of refusals) assert.ok(refusal instanceof Problem && (refusal.details.retryAfterSeconds ?? 0) >= 1);
  const hashes = results.flatMap((result, at) => (typeof result === 'string' ? [{ hash: result, password: asked[at] ?? '' }] : []));
  assert.ok(hashes.length >= 1);
  assert.equal(hashes.length + refusals.length, 200);
  for (const { hash, password } of hashes) assert.equal(bcrypt.compareSync(password, hash), true);
});

test('aborted requests leave the queue, the others are served', async () => {
  const clients = Array.from({ length: 40 }, () => new AbortController());
  const outcomes = clients.map((client, at) => hasher.hash(`client ${at}`, client.signal).catch((error: unknown) => error));
  const before = hasher.state();
  assert.equal(before.running + before.waiting, 40);
  for (const [at, client] of clients.entries()) if (at % 2 === 0) client.abort(new Error('client gone'));
  assert.equal(hasher.state().waiting, before.waiting - Math.ceil(before.waiting / 2));
  const results = await Promise.all(outcomes);
  assert.equal(results.filter((result) => typeof result === 'string').length, 40 - Math.ceil(before.waiting / 2));
  assert.deepEqual([hasher.state().waiting, hasher.state().running], [0, 0]);
});

test('closing finishes running hashes and refuses all others, then and later', async () => {
  const closing = openPasswordHasher({ cost: 4, threads: 1, maximumWaitSeconds: 60 });
  await closing.hash('one to start the thread');
  const outcomes = ['runs', 'waits'].map((password) => closing.hash(password).catch((error: unknown) => error));
  await Promise.all([closing.close(), closing.close()]);
  const [ran, waited] = await Promise.all(outcomes);
  assert.equal(bcrypt.compareSync('runs', String(ran)), true);
  assert.ok(waited instanceof Problem && waited.kind.code === 'overloaded');
  await assert.rejects(closing.hash('too late'), Problem);
});

test('closing right after opening works, with and without a hash in progress', async () => {
  await openPasswordHasher({ cost: 4, threads: 2, maximumWaitSeconds: 1 }).close();
  const warm = openPasswordHasher({ cost: 4, threads: 2, maximumWaitSeconds: 1 });
  assert.equal(warm.state().running, 0, 'nothing is hashed before the first request');
  warm.warmUp();
  assert.equal(warm.state().running, 1);
  await warm.close();
});

test('closing while threads are still loading does not end the process', async () => {
  const program = `const { openPasswordHasher } = await import(${JSON.stringify(new URL('../../dist/passwords/hasher.js', import.meta.url).href)});
    for (let round = 0; round < 5; round += 1) {
      const hasher = openPasswordHasher({ cost: 4, threads: 12, maximumWaitSeconds: 60 });
      await hasher.hash('a password that is hashed');
      await hasher.close();
    }`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', `${program} console.log('done')`]);
  assert.equal(stdout, 'done\n');
});

test('the duration of a hash is measured', async () => {
  assert.ok((await measureHashMilliseconds(4)) > 0);
  assert.ok(hasher.state().averageMilliseconds > 0);
});
