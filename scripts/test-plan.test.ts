import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../test/support/temporary.ts';
import { findTestFiles, planRuns } from './test-plan.ts';

const sources = {
  'src/errors.test.ts': "import { x } from './errors.ts';",
  'src/users/store.test.ts': "import { openTestDatabase } from '../../test/support/database.ts';",
  'scripts/build.test.ts': '',
  'test/support/database.ts': '',
  'test/support/application.ts': "import { freshDatabase } from './database.ts';",
  'test/acceptance/sign-up.test.ts': "import { application } from '../support/application.ts';",
  'test/races/one-seat.test.ts': "import { application } from '../support/application.ts';",
  'test/faults/killed.test.ts': '',
  'test/faults/killed.long.ts': '',
  'test/browser/form.test.ts': "import { application } from '../support/application.ts';",
};

test('a file that asks for a database runs over each, every other one once', async () => {
  const folder = temporaryFolder('test-plan');
  for (const [name, content] of Object.entries(sources)) {
    mkdirSync(path.join(folder.path, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(folder.path, name), content);
  }
  const files = findTestFiles(folder.path);
  const overEvery = ['src/users/store.test.ts', 'test/acceptance/sign-up.test.ts'];
  const once = ['src/errors.test.ts', 'scripts/build.test.ts', 'test/browser/form.test.ts'];

  const byDatabase = new Map(planRuns(files, ['embedded', 'postgresql', 'pgbouncer']).map((run) => [run.database, [...run.files].sort()]));
  assert.deepEqual(byDatabase.get('embedded'), [...overEvery, ...once].sort());
  assert.deepEqual(byDatabase.get('postgresql'), [...overEvery, 'test/races/one-seat.test.ts', 'test/faults/killed.test.ts'].sort());
  assert.deepEqual(byDatabase.get('pgbouncer'), [...overEvery, 'test/races/one-seat.test.ts'].sort());
  folder.remove();
});
