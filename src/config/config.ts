import type { CountryCode } from 'libphonenumber-js';
import type { Language } from '../errors.ts';

/** Everything that the program can be told, checked; made from the environment by `readConfig`. */
export interface Config {
  readonly database: EmbeddedDatabaseConfig | PostgresqlConfig;
  readonly http: {
    readonly host: string;
    readonly port: number;
    /** Where people reach the service, without a slash at the end; undefined: not known, so no links are made. */
    readonly publicUrl: string | undefined;
    readonly trustedProxies: TrustedProxies;
    /** Plain HTTP is redirected or refused. */
    readonly forceHttps: boolean;
    /** The server speaks TLS itself; undefined: plain HTTP, perhaps behind a proxy that speaks TLS. */
    readonly tls: TlsFiles | undefined;
    /** Origins of other sites whose pages may call the sign-up. */
    readonly corsOrigins: readonly string[];
  };
  /** `NODE_ENV` is `production`. */
  readonly isProduction: boolean;
  readonly process: {
    /** Processes that share the port. */
    readonly workers: number;
    /** Seconds between being told to stop and taking no request any more. */
    readonly stopDelaySeconds: number;
  };
  /** Where `/metrics` is answered without a key; undefined: nowhere. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined;
  readonly passwords: {
    /** bcrypt's cost: the hash takes 2^cost rounds. */
    readonly bcryptCost: number;
    /** Code points. */
    readonly minimumLength: number;
    /** Seconds that a request may wait for its hash before it is refused with 503. */
    readonly maximumWaitSeconds: number;
  };
  readonly registration: RegistrationConfig;
  readonly retention: {
    /** Seconds that an event of the funnel is kept. */
    readonly eventSeconds: number;
    /** Seconds that an entry of the audit log is kept. */
    readonly auditSeconds: number;
  };
  /** undefined: nothing is limited. */
  readonly limits: LimitsConfig | undefined;
  readonly defaultLanguage: Language;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
}

/** Whose `X-Forwarded-…` fields are believed: this many proxies in front, or those with one of these addresses and ranges; undefined: nobody's. */
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
  /** Requests of signing up, except those that verify a code: each network. */
  readonly signUp: Rate;
  /** Requests that verify a code: each network. */
  readonly verify: Rate;
  /** Requests that name a session, except those that set a password: each session. */
  readonly session: Rate;
  /** Passwords that are hashed: each network. */
  readonly passwords: Rate;
  /** Passwords that are hashed: each session. */
  readonly sessionPasswords: Rate;
  /** Wrong codes: everybody together. */
  readonly guesses: Rate;
  /** Wrong operator keys: each network. */
  readonly operatorKeys: Rate;
  /** Where requests are counted; undefined: in PostgreSQL, or in memory where the database is embedded. */
  readonly redisUrl: string | undefined;
}

export interface RegistrationConfig {
  /** Seconds that a session lives after its last step. */
  readonly sessionSeconds: number;
  /** Years; undefined: no minimum. */
  readonly minimumAge: number | undefined;
  /** The region whose mobile numbers may be typed without a country code (ISO 3166-1 alpha-2). */
  readonly phoneRegion: CountryCode;
  /** One account per phone number. */
  readonly phoneUnique: boolean;
  /** IANA name of the zone in which "today" is decided for birthdays, and whose days the funnel counts by. */
  readonly timeZone: string;
}

export interface EmbeddedDatabaseConfig {
  readonly kind: 'embedded';
  /** Absolute path of the folder that holds the embedded database. */
  readonly directory: string;
}

export interface PostgresqlConfig {
  readonly kind: 'postgresql';
  readonly runtime: PostgresqlAddress;
  /** Where migrations run: the direct address where `runtime` is a pooler, else the same. */
  readonly migrations: PostgresqlAddress;
  /** Connections that one process may open. */
  readonly poolSize: number;
}

/** Where a server listens. */
export interface PostgresqlHost {
  /** A name, an address, or the absolute path of a folder with a socket. */
  readonly host: string;
  readonly port: number;
}

export interface PostgresqlAddress extends PostgresqlHost {
  /** Further servers with the same data, in the order in which they are tried; undefined: none. */
  readonly otherHosts?: readonly PostgresqlHost[];
  /** A server that takes no writes (a standby) is left for the next; undefined: not looked at. */
  readonly writableOnly?: true;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** `false`: in the clear; otherwise TLS, with or without a check of the certificate (libpq's `sslmode`). */
  readonly tls: false | { readonly verify: boolean; readonly certificateAuthorityFile?: string };
  /** Prisma's `?schema=`; undefined: the server's own search path. */
  readonly schema?: string;
  /** Behind a transaction pooler: no named statements, no start-up parameters. */
  readonly transactionPooler: boolean;
}
