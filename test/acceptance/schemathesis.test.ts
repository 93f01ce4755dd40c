import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDescribedServer } from '../support/described-server.ts';
import { isRequired } from '../support/requirements.ts';
import { findSchemathesis, runSchemathesis } from '../support/schemathesis.ts';

const program = findSchemathesis();
const skip = program || isRequired('schemathesis') ? false : 'Schemathesis is not installed: see CONTRIBUTING.md';
const examples = Number(process.env.SCHEMATHESIS_EXAMPLES ?? 25);

test('Schemathesis finds no request that the API answers otherwise than its document says', { skip }, async () => {
  assert.ok(program, 'Schemathesis is required, and not installed');
  await using server = await startDescribedServer();
  const { code, printed } = await runSchemathesis(program, { url: server.url, key: server.key, examples });
  assert.equal(code, 0, printed);
  assert.match(printed, /Tested: 4\d/);
});
