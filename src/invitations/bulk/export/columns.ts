import type { InvitationMembers } from '../../invitation-view.ts';

/** The columns of an export; an import passes over those that it does not read. */
export const exportColumns: readonly {
  readonly name: string;
  readonly value: (invitation: InvitationMembers) => string | number | null;
}[] = [
  { name: 'id', value: ({ id }) => id },
  { name: 'code', value: ({ code }) => code },
  { name: 'link', value: ({ link }) => link },
  { name: 'status', value: ({ status }) => status },
  { name: 'max_uses', value: ({ seats }) => seats.total },
  { name: 'used', value: ({ seats }) => seats.used },
  { name: 'held', value: ({ seats }) => seats.held },
  { name: 'free', value: ({ seats }) => seats.free },
  { name: 'campaign', value: ({ campaign }) => campaign },
  { name: 'note', value: ({ note }) => note },
  { name: 'phone', value: ({ phone }) => phone },
  { name: 'created_by', value: ({ created_by }) => created_by },
  { name: 'created_at', value: ({ created_at }) => created_at },
  { name: 'starts_at', value: ({ starts_at }) => starts_at },
  { name: 'expires_at', value: ({ expires_at }) => expires_at },
  { name: 'revoked_at', value: ({ revoked_at }) => revoked_at },
];
