import assert from 'node:assert/strict';
import { runChodae } from './run-chodae.ts';
import { startSeededServer } from './seeded-server.ts';
import { signUpClient } from './sign-up-client.ts';

/** The built program with data in every table that the API shows, without limits of rate, and the key of an admin. */
export async function startDescribedServer() {
  const server = await startSeededServer({ environment: { RATE_LIMIT: 'off', LOG_LEVEL: 'error' } });
  const { environment } = server.database;
  const chodae = async (...words: string[]) => {
    const { code, stdout, stderr } = await runChodae([...words, '--json'], { environment });
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  };
  try {
    await chodae('invite', 'create', 'SPRING-FAIR', '--max-uses', '50', '--campaign', 'spring', '--note', 'hall 3');
    await chodae('invite', 'create', '--count', '20', '--campaign', 'spring-beta', '--valid-for', '7d');
    const client = signUpClient(server.url);
    for (let person = 0; person < 3; person += 1) assert.equal((await client.signUp('SPRING-FAIR')).answer.status, 200);
    for (let person = 0; person < 3; person += 1) assert.equal((await client.verify('SPRING-FAIR')).status, 200);
    const { key } = await chodae('key', 'create', '--label', 'conformance', '--role', 'admin');
    return { ...server, key: String(key), [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}
