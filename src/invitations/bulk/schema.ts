import { z } from 'zod';
import { linesAnswer } from '../../http/ndjson.ts';
import { codeFormMembers, wantedMembers } from '../schema.ts';

/** Maximum number of invitations per request. */
const maximumCount = 1_000_000;

export const bulkBody = z
  .strictObject({
    count: z
      .int()
      .min(1)
      .max(maximumCount)
      .meta({ description: 'How many invitations.', examples: [10_000] }),
    ...codeFormMembers,
    ...wantedMembers,
  })
  .meta({ id: 'CreateInvitationsInBulk', examples: [{ count: 10_000, campaign: 'spring', valid_for: '7d' }] });

const exampleBatch = '0198c7a2-6f0e-7c41-9d55-2f8f4c1b7a10';
const exampleCode = 'SPRING-7KQ9X-M4TP2-RV3H5';

export const bulkAnswer = linesAnswer(
  'JSON lines: `progress` while one transaction creates them, then `invitation` for each, then `done`. A last line `failed` ' +
    'has a problem document; without a `batch`, nothing was created.',
  [
    { event: 'progress', created: 1, of: 1 },
    { event: 'invitation', id: 42, code: exampleCode, link: `https://signup.example.com/join#${exampleCode}` },
    { event: 'done', created: 1, batch: exampleBatch },
  ],
);
