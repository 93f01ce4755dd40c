import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../../problems.ts';
import { httpProblems } from '../http-problems.ts';
import { cameLocally } from './local-listener.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered over plain HTTP even if HTTPS is required: probes know no certificates, and it contains no personal data. */
    allowsPlainHttp?: boolean;
  }
}

/**
 * Lets nothing in over plain HTTP, before the body is read: `GET` and `HEAD` are sent to HTTPS with 308, because a person may have typed the
 * address; everything else, and whatever has a credential, is refused with 403, so that a client that sends secrets in the clear fails and gets fixed (ASVS 5.0, 4.1.2).
 * What a trusted proxy says in `X-Forwarded-Proto` counts, even where the hop from it is encrypted: it speaks of the client's own hop.
 * @param publicUrl where the service is reached; undefined: at the request's own `Host`.
 */
export function requireHttps(app: FastifyInstance, publicUrl: string | undefined): void {
  let isTold = false;
  app.addHook('onRequest', (request, reply, done) => {
    if (request.cameOverHttps || request.routeOptions.config?.allowsPlainHttp || cameLocally(request.raw)) return done();
    // Such a proxy would send everybody round in a circle.
    if (!isTold && request.ips !== undefined && request.ips.length > 1 && request.headers['x-forwarded-proto'] === undefined) {
      isTold = true;
      request.log.warn(
        'requests come through a proxy that sends no X-Forwarded-Proto: they count as plain HTTP and are redirected or refused',
      );
    }
    const target = mayBeTyped(request) ? httpsAddress(request.raw.url ?? '', publicUrl, request.headers.host) : undefined;
    if (target === undefined) return done(new Problem(httpProblems.https_required));
    reply.redirect(target, 308);
  });
}

/** People do not type credentials: a program that sends one in the clear must fail, or it works and gives it away each time. */
function mayBeTyped({ method, headers }: FastifyRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && headers.authorization === undefined;
}

/**
 * @param target of the request line.
 * @returns the same address with https; undefined where the target is no path or the host is none, so that no client is ever sent
 *   somewhere that was not asked. The port of plain HTTP is dropped, because HTTPS has another.
 */
export function httpsAddress(target: string, publicUrl: string | undefined, host: string | undefined): string | undefined {
  if (!/^\/[\x21-\x7e]*$/.test(target)) return undefined;
  const origin = publicUrl ?? originOf(host);
  return origin === undefined ? undefined : origin + target;
}

/** A host of `Host` (RFC 9110, 7.2) that reads the same to everybody. */
function originOf(host = ''): string | undefined {
  const [, name = ''] = /^([a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i.exec(host) ?? [];
  const origin = `https://${name.toLowerCase()}`;
  return name !== '' && URL.canParse(origin) && new URL(origin).origin === origin ? origin : undefined;
}
