import { z } from 'zod';
import { nextCursor, pageQuery } from '../../paging/cursor.ts';

export const campaignPath = z.object({
  campaign: z
    .string()
    .min(1)
    .max(256)
    .meta({ description: 'The name of the campaign, percent-encoded.', examples: ['spring'] }),
});

export const campaignsQuery = z.object(pageQuery);

const members = {
  campaign: z.string().meta({ description: 'Its name.', examples: ['spring'] }),
  created_at: z
    .string()
    .nullable()
    .meta({
      description: 'When it was first used; null if it was set by SQL.',
      format: 'date-time',
      examples: ['2026-01-01T09:00:00.000Z'],
    }),
  revoked_at: z
    .string()
    .nullable()
    .meta({ description: 'When it was revoked; null if it is not.', format: 'date-time', examples: [null] }),
};

export const campaignAnswer = z.object(members).meta({ id: 'Campaign' });

export const campaignsAnswer = z.object({ items: z.array(campaignAnswer), next: nextCursor }).meta({ id: 'Campaigns' });

const count = (description: string, example: number) => z.int().meta({ description, examples: [example] });

export const countedCampaign = z
  .object({
    ...members,
    invitations: z.object({
      total: count('Invitations of the campaign.', 20),
      usable: count('Those that can be used right now.', 16),
      used: count('Those without a seat left.', 3),
      expired: count('Those that have expired.', 0),
      revoked: count('Those that were revoked, with the campaign or one by one.', 1),
      not_started: count('Those that have not started yet.', 0),
    }),
    seats: z.object({
      total: count('All seats.', 20),
      used: count('Seats of users.', 3),
      held: count('Seats held by sign-ups in progress.', 1),
      free: count('Seats that can be taken right now.', 15),
    }),
  })
  .meta({ id: 'CountedCampaign' });
