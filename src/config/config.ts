import type { CountryCode } from 'libphonenumber-js';
import type { Language } from '../problems.ts';

/** All settings, validated; `readConfig` makes it from the environment. */
export interface Config {
  readonly database: EmbeddedDatabaseConfig | PostgresqlConfig;
  readonly http: {
    readonly host: string;
    readonly port: number;
    /** The public base URL, without a trailing slash. Undefined: unknown, so no links are made. */
    readonly publicUrl: string | undefined;
    readonly trustedProxies: TrustedProxies;
    /** Plain HTTP is redirected or refused. */
    readonly forceHttps: boolean;
    /** The server's own TLS. Undefined: plain HTTP, perhaps behind a proxy that terminates TLS. */
    readonly tls: TlsFiles | undefined;
    /** Origins of other sites whose pages may call the sign-up. */
    readonly corsOrigins: readonly string[];
  };
  /** `NODE_ENV` is `production`. */
  readonly isProduction: boolean;
  readonly process: {
    /** Worker processes that share the port. */
    readonly workers: number;
    /** Seconds between the stop signal and refusing new requests. */
    readonly stopDelaySeconds: number;
  };
  /** Where `/metrics` is served without a key. Undefined: nowhere. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined;
  readonly passwords: {
    /** bcrypt's cost: the hash takes 2^cost rounds. */
    readonly bcryptCost: number;
    /** Code points. */
    readonly minimumLength: number;
    /** Seconds that a request may wait for its hash before it gets a 503. */
    readonly maximumWaitSeconds: number;
  };
  readonly registration: RegistrationConfig;
  readonly retention: {
    /** Seconds that the events of the funnel are kept. */
    readonly eventSeconds: number;
    /** Seconds that the entries of the audit log are kept. */
    readonly auditSeconds: number;
  };
  /** Undefined: no limits. */
  readonly limits: LimitsConfig | undefined;
  readonly defaultLanguage: Language;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
}

/** Whose `X-Forwarded-…` headers are trusted: this many proxies, or proxies with one of these addresses and ranges. Undefined: none. */
export type TrustedProxies = number | readonly string[] | undefined;

/** Absolute paths of PEM files. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

/** At most `count` within `seconds`. */
export interface Rate {
  readonly count: number;
  readonly seconds: number;
}

export interface LimitsConfig {
  /** Sign-up requests except those that verify a code: per network. */
  readonly signUp: Rate;
  /** Requests that verify a code: per network. */
  readonly verify: Rate;
  /** Requests that name a session, except those that set a password: per session. */
  readonly session: Rate;
  /** Hashed passwords: per network. */
  readonly passwords: Rate;
  /** Hashed passwords: per session. */
  readonly sessionPasswords: Rate;
  /** Wrong codes: in total. */
  readonly guesses: Rate;
  /** Wrong operator keys: per network. */
  readonly operatorKeys: Rate;
  /** Where requests are counted. Undefined: in PostgreSQL, or in memory with the embedded database. */
  readonly redisUrl: string | undefined;
}

export interface RegistrationConfig {
  /** Seconds that a session lives after its last step. */
  readonly sessionSeconds: number;
  /** Years. Undefined: no minimum. */
  readonly minimumAge: number | undefined;
  /** The region whose mobile numbers need no country code (ISO 3166-1 alpha-2). */
  readonly phoneRegion: CountryCode;
  /** One account per phone number. */
  readonly phoneUnique: boolean;
  /** IANA name of the zone that decides "today" for birthdays and the days of the funnel. */
  readonly timeZone: string;
}

export interface EmbeddedDatabaseConfig {
  readonly kind: 'embedded';
  /** Absolute path of the embedded database's folder. */
  readonly directory: string;
}

export interface PostgresqlConfig {
  readonly kind: 'postgresql';
  readonly runtime: PostgresqlAddress;
  /** Where migrations run: the direct address if `runtime` is a pooler, else the same. */
  readonly migrations: PostgresqlAddress;
  /** Maximum number of connections per process. */
  readonly poolSize: number;
}

/** Where a server listens. */
export interface PostgresqlHost {
  /** A name, an address, or the absolute path of a folder with a socket. */
  readonly host: string;
  readonly port: number;
}

export interface PostgresqlAddress extends PostgresqlHost {
  /** Other servers with the same data, in the order in which they are tried. Undefined: none. */
  readonly otherHosts?: readonly PostgresqlHost[];
  /** Skip servers that do not accept writes (standbys). Undefined: not checked. */
  readonly writableOnly?: true;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** `false`: unencrypted; otherwise TLS, with or without verification of the certificate (libpq's `sslmode`). */
  readonly tls: false | { readonly verify: boolean; readonly certificateAuthorityFile?: string };
  /** Prisma's `?schema=`. Undefined: the server's default search path. */
  readonly schema?: string;
  /** Behind a transaction pooler: no named statements, no start-up parameters. */
  readonly transactionPooler: boolean;
}
