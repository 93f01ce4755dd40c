import { z } from 'zod';

/** Of every request that may be sent again because its answer was lost. Loose, because the other fields stay with the request. */
export const repeatableHeaders = z.looseObject({
  'idempotency-key': z
    .string()
    .optional()
    .meta({
      description: 'Makes the request safe to send again: for 24 hours the same request with the same key is done once.',
      examples: ['0b7d1c0e-6f3a-4a53-9d3a-2f1c5f1f6f0e'],
    }),
});
