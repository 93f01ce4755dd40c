import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { emptyDatabase, testDatabaseKind } from '../support/empty-database.ts';
import { startServer } from '../support/server-process.ts';
import { samplePerson, signUpClient } from '../support/sign-up-client.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** What a tracer does before the program is loaded: it wraps the server's requests and the driver's queries. */
const hook = (journal: string) => `
import { appendFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import http from 'node:http';
const { emit } = http.Server.prototype;
http.Server.prototype.emit = function (event, request, response) {
  if (event === 'request') response.setHeader('x-traced-by', String(process.pid));
  return Reflect.apply(emit, this, arguments);
};
const pg = createRequire(${JSON.stringify(new URL('../../dist/', import.meta.url).href)})('pg');
const { query } = pg.Client.prototype;
pg.Client.prototype.query = function (asked) {
  appendFileSync(${JSON.stringify(journal)}, String(asked.text ?? asked) + '\\n');
  return Reflect.apply(query, this, arguments);
};
`;

for (const workers of testDatabaseKind() === 'embedded' ? [1] : [1, 2]) {
  test(`the built program runs under an --import hook that was loaded first, with ${workers} process(es)`, async () => {
    const folder = temporaryFolder('import-hook');
    const file = path.join(folder.path, 'hook.mjs');
    const journal = path.join(folder.path, 'statements.txt');
    writeFileSync(file, hook(journal));
    await using database = await emptyDatabase();
    const environment = { ...database.environment, BCRYPT_COST: '10', NODE_OPTIONS: `--import ${pathToFileURL(file).href}` };
    await using server = await startServer({ environment, args: workers > 1 ? ['--workers', String(workers)] : [] });
    if (testDatabaseKind() !== 'embedded') await database.query(`INSERT INTO "Invitation" (code) VALUES ('TEST001')`);
    const person = samplePerson();
    const { answer, sessionId } = await signUpClient(server.url).signUp('TEST001', person);
    assert.equal(answer.status, 200);
    assert.match(String(answer.headers.get('x-traced-by')), /^\d+$/);
    assert.equal(answer.headers.get('x-traced-by') === String(server.process.pid), workers === 1);
    if (testDatabaseKind() !== 'embedded') {
      const statements = readFileSync(journal, 'utf8');
      assert.match(statements, /WHERE s\."sessionId" = \$1/);
      for (const value of [person.name, person.password, person.phone, person.birthday, String(sessionId)])
        assert.ok(!statements.includes(value));
    }
    await server.stop();
    folder.remove();
  });
}
