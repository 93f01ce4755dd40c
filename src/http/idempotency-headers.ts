import { z } from 'zod';

/** For requests that may be sent again if their response was lost. Loose, so that the other headers stay on the request. */
export const repeatableHeaders = z.looseObject({
  'idempotency-key': z
    .string()
    .optional()
    .meta({
      description: 'Makes the request safe to repeat: for 24 hours the same request with the same key is carried out once.',
      pattern: '^[!-~]{1,128}$',
      examples: ['0b7d1c0e-6f3a-4a53-9d3a-2f1c5f1f6f0e'],
    }),
});
