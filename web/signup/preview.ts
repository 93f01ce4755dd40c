import type { PageSettings as Settings } from '../../src/pages/schema.ts';
import type { Answer, Call } from '../shared/api.ts';
import { serverNow } from '../shared/server-clock.ts';

/** Answers in place of the server while an operator previews the page: every step succeeds, and nothing is sent. */
export function pretend<Body>({ path }: Call, { steps }: Settings): Answer<Body> {
  const at = steps.findIndex((step) => step.path === path);
  const body = {
    sessionId: 'preview',
    expiresAt: new Date(serverNow() + 3_600_000).toISOString(),
    remainingSteps: steps.slice(at + 1).map((step) => step.name),
    ...(at === steps.length - 1 && { userId: 0 }),
  };
  return { kind: 'done', body: body as Body };
}
