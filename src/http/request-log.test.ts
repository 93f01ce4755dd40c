import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createSampleApp, type SampleApp } from '../../test/support/sample-http-app.ts';

let sample: SampleApp;
before(async () => {
  sample = await createSampleApp((app) => {
    app.get('/own-line', async (request) => {
      request.log.warn({ err: new Error('secret canary'), req: request, res: { canary: 'canary' } }, 'own');
      return {};
    });
  });
});
after(() => sample.app.close());

test('one line per request, with the pattern of its route', async () => {
  sample.lines.length = 0;
  const answer = await sample.app.inject({ method: 'PUT', url: '/auth/samples/canary?canary=1', payload: { name: 'Ada' } });
  const [{ time, pid, hostname, milliseconds, ...line } = {}, ...more] = sample.lines;
  assert.deepEqual(more, []);
  assert.deepEqual(line, {
    level: 30,
    requestId: answer.headers['x-request-id'],
    method: 'PUT',
    route: '/auth/samples/:id',
    status: 200,
    msg: 'request',
  });
  assert.ok(Number(milliseconds) >= 0);
});

test('an unknown path has no route, and is not in the log', async () => {
  sample.lines.length = 0;
  await sample.app.inject({ method: 'PUT', url: '/canary?canary=1', headers: { 'user-agent': 'canary', authorization: 'canary' } });
  assert.equal(sample.lines.length, 1);
  assert.equal(sample.lines[0]?.route, null);
  assert.equal(sample.lines[0]?.code, 'not_found');
  assert.ok(!JSON.stringify(sample.lines).includes('canary'));
});

test('a URL that the router cannot read has a line too', async () => {
  sample.lines.length = 0;
  const answer = await sample.app.inject('/%zz');
  assert.equal(sample.lines.length, 1);
  assert.equal(sample.lines[0]?.code, 'bad_request');
  assert.equal(sample.lines[0]?.requestId, answer.headers['x-request-id']);
});

test('the request id is ours, whatever the client sends', async () => {
  const ids = new Set<unknown>();
  for (const header of ['x-request-id', 'request-id', 'x-correlation-id']) {
    const answer = await sample.app.inject({ url: '/healthz', headers: { [header]: 'canary' } });
    assert.match(String(answer.headers['x-request-id']), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    ids.add(answer.headers['x-request-id']);
  }
  assert.equal(ids.size, 3);
});

test('logging an error, a request or a response directly logs no values', async () => {
  sample.lines.length = 0;
  await sample.app.inject({ url: '/own-line?canary=1', headers: { 'x-canary': 'canary' } });
  const own = sample.lines.find((line) => line.msg === 'own');
  assert.match(JSON.stringify(own), /"err":\{"name":"Error","frames":\["at /);
  assert.ok(!JSON.stringify(sample.lines).replaceAll('own-line', '').includes('canary'), JSON.stringify(own));
});
