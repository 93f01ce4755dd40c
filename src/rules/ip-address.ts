import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { remembered } from './remembered.ts';

/**
 * @param text an address as sockets and proxies write it: perhaps with brackets, a port, or a zone.
 * @returns the address in canonical form, IPv4 inside IPv6 (`::ffff:192.0.2.1`) as IPv4; undefined if it is not an address.
 */
export function canonicalAddress(text: string): string | undefined {
  return text.length > 100 ? undefined : canonical(text);
}

/** Every request asks for the address of its client. */
const canonical = remembered((text) => {
  const bare = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(text)?.[1] ?? text;
  const address = bare.replace(/%[\w.-]{1,32}$/, '');
  // ipaddr.js alone would read `1`, `0x7f.1` and `010.0.0.1` as IPv4.
  return isIP(address) === 0 ? undefined : ipaddr.process(address).toString();
});

/**
 * @returns the network that counts as one client: the address itself for IPv4, its /64 for IPv6, since a household has at least one.
 * @param address canonical.
 */
export const networkOf = remembered((address) => {
  const parsed = ipaddr.parse(address);
  if (parsed.kind() === 'ipv4') return address;
  const { parts } = parsed as ipaddr.IPv6;
  return `${new ipaddr.IPv6([...parts.slice(0, 4), 0, 0, 0, 0]).toString()}/64`;
});

/** An address and its prefix length. */
export type AddressRange = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

const named: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};
export const rangeNames: readonly string[] = Object.keys(named);

/**
 * @param text an address, a range such as `10.0.0.0/8`, or one of `rangeNames`.
 * @returns the ranges, or a message that says what to write.
 */
export function parseRanges(text: string): readonly AddressRange[] | string {
  const ranges = (named[text.toLowerCase()] ?? [text]).map(parseRange);
  return ranges.find((range) => typeof range === 'string') ?? (ranges as AddressRange[]);
}

function parseRange(text: string): AddressRange | string {
  const [, address = '', bits] = /^([^/%]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? [];
  if (isIP(address) === 0) return `"${text.slice(0, 60)}" is neither an address nor a range: write one such as 10.0.0.0/8 or 2001:db8::/32`;
  const parsed = ipaddr.parse(address);
  const isMapped = parsed.kind() === 'ipv6' && (parsed as ipaddr.IPv6).isIPv4MappedAddress();
  // CVE-2026-90711: read as IPv6, the first 8 bits of `::ffff:10.0.0.0/8` are zero, so every IPv4 address would be inside.
  if (isMapped && bits !== undefined) return `"${text}" is IPv4 written as IPv6: write the IPv4 range, such as 10.0.0.0/8`;
  const network = ipaddr.process(address);
  const most = network.kind() === 'ipv4' ? 32 : 128;
  const length = bits === undefined ? most : Number(bits);
  if (length === 0) return `"${text}" is every address: name the proxies`;
  if (length > most) return `"${text}" has more than ${most} bits`;
  return [network, length];
}

/** @param address canonical. IPv4 is never inside a range of IPv6. */
export function isInRanges(address: string, ranges: readonly AddressRange[]): boolean {
  const parsed = ipaddr.parse(address);
  return ranges.some(([network, bits]) => {
    if (parsed instanceof ipaddr.IPv4) return network instanceof ipaddr.IPv4 && parsed.match(network, bits);
    return network instanceof ipaddr.IPv6 && parsed.match(network, bits);
  });
}
