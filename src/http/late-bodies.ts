import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';

/**
 * Asks a client that waits with its body (`Expect: 100-continue`) for it when no hook has refused the request, so that a refused one is never sent
 * (RFC 9110, 10.1.1). Node by itself asks at once. After a refusal it closes the connection, because the client may send the body all the same.
 */
export function askForBodiesLate(app: FastifyInstance): void {
  const waiting = new WeakSet<IncomingMessage>();
  app.server.on('checkContinue', (request, response) => {
    waiting.add(request);
    app.server.emit('request', request, response);
  });
  app.addHook('preParsing', (request, reply, _payload, done) => {
    if (waiting.delete(request.raw)) reply.raw.writeContinue();
    done();
  });
}
