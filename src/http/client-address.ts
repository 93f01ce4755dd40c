import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { TrustedProxies } from '../config/config.ts';
import { type AddressRange, canonicalAddress, isInRanges, parseRanges } from '../rules/ip-address.ts';

/** Fastify's `trustProxy`: whether a hop is trusted; hop 0 is the connection itself. */
export type TrustHop = (address: string, hop: number) => boolean;

/**
 * @returns undefined: no hop is trusted. A number trusts that many hops whatever their addresses, so it is safe only if nothing but the
 *   proxies can reach the port.
 */
export function trustHops(proxies: TrustedProxies): TrustHop | undefined {
  if (proxies === undefined) return undefined;
  if (typeof proxies === 'number') return (_address, hop) => hop < proxies;
  const ranges = proxies.flatMap((text) => parseRanges(text) as readonly AddressRange[]);
  return (text) => {
    const address = canonicalAddress(text ?? '');
    return address !== undefined && isInRanges(address, ranges);
  };
}

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * The client's address: the right-most untrusted hop, in canonical form. If that is not an address, the nearest hop that is one is used,
     * so that garbage never becomes an address of its own. Empty if the connection is gone or a Unix socket.
     */
    readonly clientAddress: string;
    /** `clientAddress` from the first time on that it was asked for. */
    knownAddress: string | undefined;
    /**
     * Whether the client used HTTPS on its own hop: what a trusted proxy says in `X-Forwarded-Proto`, or the connection itself. Proxies write the field in
     * any case, and some append to it: then the first value is of the client's hop, as Express and Django read it. A client that writes it itself, through
     * a proxy that appends, deceives only itself.
     */
    readonly cameOverHttps: boolean;
  }
}

/**
 * Gives every request its `clientAddress` and `cameOverHttps`. `request.ip` is the unchecked value: it may be any text.
 * @param trustHop undefined: the first request through a proxy is logged, as otherwise you would not notice that all clients of the proxy count as one.
 */
export function nameClients(app: FastifyInstance, trustHop: TrustHop | undefined): void {
  app.decorateRequest('clientAddress', {
    getter() {
      const request = this as FastifyRequest;
      request.knownAddress ??= clientAddressOf(request);
      return request.knownAddress;
    },
  });
  app.decorateRequest('knownAddress', undefined);
  app.decorateRequest('cameOverHttps', {
    getter() {
      return overHttps(this as FastifyRequest, trustHop);
    },
  });
  let isTold = trustHop !== undefined;
  app.addHook('onRequest', (request, _reply, done) => {
    if (!isTold && request.headers['x-forwarded-for'] !== undefined) {
      isTold = true;
      request.log.warn('requests come through a proxy (X-Forwarded-For) that TRUST_PROXY does not name: all its clients count as one');
    }
    done();
  });
}

function clientAddressOf({ ips, ip }: FastifyRequest): string {
  for (const text of [...(ips ?? [ip])].reverse()) {
    const address = canonicalAddress(text ?? '');
    if (address !== undefined) return address;
  }
  return '';
}

function overHttps({ headers, raw: { socket } }: FastifyRequest, trustHop: TrustHop | undefined): boolean {
  const told = [headers['x-forwarded-proto'] ?? []].flat().join(',');
  const first = told.split(',').find((value) => value.trim() !== '');
  if (first !== undefined && trustHop?.(socket.remoteAddress ?? '', 0)) return first.trim().toLowerCase() === 'https';
  return 'encrypted' in socket && socket.encrypted === true;
}
