/** Addresses that only this machine or a private network has (RFC 1918, 4193, 6598, link-local). */
const privateHost =
  /^\[?(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|169\.254\.|::1\]?$|f[cd][0-9a-f]{2}:|fe80:|localhost$)/i;

/** @param host an address, in brackets or not, or a name. */
export function isPrivateHost(host: string): boolean {
  return privateHost.test(host);
}

/** @param host as for `isPrivateHost`. @returns whether only this machine reaches it. */
export function isLoopback(host: string): boolean {
  return /^\[?(?:127\.[\d.]+|::1\]?|localhost)$/i.test(host);
}
