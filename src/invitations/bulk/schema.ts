import { z } from 'zod';
import { linesAnswer } from '../../http/line-answer.ts';
import { maximumPrefixLength } from '../code.ts';
import { generatedLength } from '../code-generator.ts';
import { maximumCampaignLength, maximumNoteLength } from '../labels.ts';

/** Invitations of one request. */
const maximumCount = 1_000_000;

const optionalText = (description: string, maxLength: number, example: string) =>
  z
    .string()
    .optional()
    .meta({ description, maxLength, examples: [example] });
const moment = (description: string, example: string) =>
  z
    .string()
    .optional()
    .meta({ description, format: 'date-time', examples: [example] });

export const bulkBody = z
  .object({
    count: z
      .int()
      .min(1)
      .max(maximumCount)
      .meta({ description: 'How many invitations.', examples: [10_000] }),
    prefix: optionalText('What each code begins with.', maximumPrefixLength, 'SPRING'),
    length: z
      .int()
      .min(generatedLength.minimum)
      .max(generatedLength.maximum)
      .optional()
      .meta({
        description: `Characters of the generated part, the last of them a check character; ${generatedLength.usual} where left out.`,
        examples: [generatedLength.usual],
      }),
    max_uses: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(1)
      .meta({ description: 'How many people may sign up with each.', examples: [1] }),
    starts_at: moment('From when on they can be used; left out: at once.', '2030-01-01T00:00:00Z'),
    expires_at: moment('Until when they can be used; left out: for ever.', '2030-02-01T00:00:00Z'),
    valid_for: optionalText('Instead of `expires_at`: how long, counted from `starts_at` or from now.', 32, '7d'),
    campaign: optionalText('Groups invitations.', maximumCampaignLength, 'spring'),
    note: optionalText('For operators; nobody else sees it.', maximumNoteLength, 'for the fair'),
  })
  .meta({ id: 'CreateInvitationsInBulk' });

const exampleBatch = '0198c7a2-6f0e-7c41-9d55-2f8f4c1b7a10';
const exampleCode = 'SPRING-7KQ9X-M4TP2-RV3H5';

export const bulkAnswer = linesAnswer(
  'JSON lines: `progress` while one transaction makes them, `invitation` for each when all are there, `done` at the end. A last line `failed` ' +
    'has a problem document; where it names no `batch`, nothing was made.',
  [
    { event: 'progress', created: 1, of: 1 },
    { event: 'invitation', id: 42, code: exampleCode, link: `https://signup.example.com/join#${exampleCode}` },
    { event: 'done', created: 1, batch: exampleBatch },
  ],
);
