/** bcrypt's cost in every measurement, as delivered. */
export const cost = 12;

/**
 * The service as delivered, with room in the limits for the load, which comes from one address. They are counted all the same. The forwarded address is
 * believed so that a load can come from many.
 */
export const asDelivered = {
  TRUST_PROXY: 'loopback',
  RATE_LIMIT_VERIFY: '1000000/24h',
  RATE_LIMIT_SIGN_UP: '1000000/24h',
  RATE_LIMIT_SESSION: '100000/24h',
  RATE_LIMIT_PASSWORDS: '1000000/24h',
  RATE_LIMIT_SESSION_PASSWORDS: '100000/24h',
} as const;

export const withoutLimits = { RATE_LIMIT: 'off' } as const;
