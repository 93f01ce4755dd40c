import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';

/**
 * Sends `100 Continue` (`Expect: 100-continue`) only after every hook has accepted the request, so that the body of a refused one is never sent
 * (RFC 9110, 10.1.1). Node by itself sends it at once. After a refusal it closes the connection, because the client may send the body anyway.
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
