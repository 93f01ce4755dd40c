import assert from 'node:assert/strict';

/** A list of strings with whole numbers as parameters: as much of RFC 9651 as the fields of limits use, and nothing else. */
const item = /^"([a-z][a-z-]*)"((?:;[a-z]+=\d{1,15})+)$/;

/**
 * @returns the parameters of each limit by its name.
 * @throws AssertionError if the header is not such a list.
 */
function parseList(field: string | null): Record<string, Record<string, number>> {
  const limits: Record<string, Record<string, number>> = {};
  for (const text of (field ?? '').split(', ')) {
    const [, name = '', parameters = ''] = item.exec(text) ?? [];
    assert.notEqual(name, '', `no structured field: ${field}`);
    assert.equal(limits[name], undefined, `${name} stands there twice`);
    limits[name] = Object.fromEntries(
      parameters
        .slice(1)
        .split(';')
        .map((parameter) => [parameter.split('=')[0], Number(parameter.split('=')[1])]),
    );
  }
  return limits;
}

/** What an answer says about one limit. */
export interface ShownLimit {
  /** `q` requests are allowed in `w` seconds; `r` are left for the next `t` seconds. */
  readonly q: number;
  readonly w: number;
  readonly r: number;
  readonly t: number;
}

/**
 * Reads the fields of an answer.
 * @throws AssertionError where they are missing, malformed, or do not fit together.
 */
export function shownLimits(headers: Headers, status: number): Record<string, ShownLimit> {
  const policies = parseList(headers.get('ratelimit-policy'));
  const states = parseList(headers.get('ratelimit'));
  assert.deepEqual(Object.keys(states), Object.keys(policies));
  const limits: Record<string, ShownLimit> = {};
  for (const [name, policy] of Object.entries(policies)) {
    const { q = -1, w = -1, ...otherPolicy } = policy;
    const { r = -1, t = -1, ...otherState } = states[name] ?? {};
    assert.deepEqual([otherPolicy, otherState], [{}, {}]);
    assert.ok(q >= 1 && w >= 1 && r >= 0 && r <= q && t >= 1 && t <= w, `${name}: ${JSON.stringify({ q, w, r, t })}`);
    limits[name] = { q, w, r, t };
  }
  const retryAfter = headers.get('retry-after');
  assert.equal(retryAfter !== null, status === 429);
  if (status === 429) {
    assert.match(retryAfter ?? '', /^[1-9]\d*$/);
    for (const { t, r } of Object.values(limits)) assert.ok(r === 0 && t <= Number(retryAfter));
  }
  return limits;
}
