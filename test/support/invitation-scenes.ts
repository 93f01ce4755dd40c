import assert from 'node:assert/strict';
import type { ShownInvitation } from '../../src/invitations/invitation-view.ts';
import type { OperatorClient } from './operator-scenes.ts';
import type { Answer } from './sign-up-client.ts';

/** The invitations of an answer that made some. */
export function madeIn({ status, body }: Answer): readonly ShownInvitation[] {
  assert.equal(status, 201, JSON.stringify(body));
  return body.invitations as readonly ShownInvitation[];
}

/** Makes an invitation over HTTP. */
export async function makeInvitation(send: OperatorClient, wanted: object = {}): Promise<ShownInvitation> {
  const [invitation, second] = madeIn(await send('POST', '/admin/invitations', wanted));
  assert.ok(invitation && !second);
  return invitation;
}
