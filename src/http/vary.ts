import type { FastifyReply } from 'fastify';

/** Adds a header name to `Vary`, keeping those set before. */
export function addVary(reply: FastifyReply, field: string): void {
  const present = reply.getHeader('vary');
  reply.header('vary', present === undefined ? field : `${String(present)}, ${field}`);
}
