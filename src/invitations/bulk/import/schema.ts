import { z } from 'zod';

const count = (description: string, example: number) => z.int().meta({ description, examples: [example] });

export const importQuery = z.object({
  dry_run: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'Whether to do everything and then undo it: to see what would happen.', examples: ['true'] }),
  update: z
    .enum(['true', 'false'])
    .default('false')
    .meta({
      description:
        'Whether a line whose code exists changes that invitation, in the columns that the file has (an empty cell clears; of `max_uses` and `valid_for` it changes nothing).',
      examples: ['false'],
    }),
  as_they_are: z
    .enum(['true', 'false'])
    .default('false')
    .meta({
      description: 'For admins: whether codes of any characters are stored as they are, such as those of another system.',
      examples: ['false'],
    }),
});

const exampleFile = [
  'code,max_uses,valid_for,campaign,note,phone',
  'WELCOME-KIM,1,7d,spring,"Kim, from the fair",010-1234-5678',
  'WELCOME-ALL,100,,spring,,',
  '',
].join('\r\n');

/** The file comes as it is: no schema looks at it. */
export const importBody = z.any().meta({
  type: 'string',
  description:
    'CSV in UTF-8, at most 64 MiB and 1,000,000 lines. The first line names the columns: `code` and any of `max_uses`, `starts_at`, `expires_at`, ' +
    '`valid_for`, `campaign`, `note`, `phone`; the other columns of an export are passed over, and any further one is refused.',
  examples: [exampleFile],
});

export const importAnswer = z
  .object({
    dry_run: z.boolean().meta({ description: 'Whether all of it was undone.', examples: [false] }),
    lines: count('Lines of the file below the first.', 2),
    created: count('Invitations that were made.', 2),
    updated: count('Lines that changed an invitation; only with `update`.', 0),
    updated_lines: z.array(z.int()).meta({ description: 'The first 100 of these lines.', examples: [[]] }),
    unchanged: count('Lines whose code existed already; those invitations are as they were.', 0),
    batch: z
      .string()
      .nullable()
      .meta({
        description: 'Shared by the invitations that were made; null where none was.',
        examples: ['0198c7a2-6f0e-7c41-9d55-2f8f4c1b7a10'],
      }),
    errors: z.array(z.never()).meta({ description: 'Always empty: a file with errors is refused.', examples: [[]] }),
  })
  .meta({ id: 'InvitationsImported' });
