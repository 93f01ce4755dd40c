import type { FastifyReply } from 'fastify';

/** Says that an answer depends on a request field, beside those that were said before. */
export function addVary(reply: FastifyReply, field: string): void {
  const present = reply.getHeader('vary');
  reply.header('vary', present === undefined ? field : `${String(present)}, ${field}`);
}
