import type { SettingValues } from './settings.ts';

/** All settings, validated; `readConfig` makes it from the environment. `settings.ts` says what each of them means. */
export interface Config
  extends Pick<SettingValues, 'process' | 'passwords' | 'registration' | 'retention'>,
    Readonly<SettingValues['general']> {
  readonly database: EmbeddedDatabaseConfig | PostgresqlConfig;
  readonly http: Readonly<Omit<SettingValues['http'], 'certificate' | 'key' | 'forceHttps'>> & {
    /** Plain HTTP is redirected or refused. */
    readonly forceHttps: boolean;
    /** The server's own TLS. Undefined: plain HTTP, perhaps behind a proxy that terminates TLS. */
    readonly tls: TlsFiles | undefined;
  };
  /** How the hosted sign-up page looks, and where it leads. */
  readonly page: PageConfig;
  /** `NODE_ENV` is `production`. */
  readonly isProduction: boolean;
  /** Where `/metrics` is served without a key. Undefined: nowhere. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined;
  /** Undefined: no limits. */
  readonly limits: LimitsConfig | undefined;
}

export interface PageConfig {
  readonly brand: {
    /** Undefined: the page names no product. */
    readonly name: string | undefined;
    /** Absolute path of an SVG or PNG file. */
    readonly logoFile: string | undefined;
    /** `#RRGGBB`. */
    readonly color: string | undefined;
    /** Absolute path of the PNG or JPEG file that messengers show beside a link. */
    readonly imageFile: string | undefined;
  };
  /** Absolute addresses; `contact` may also be `mailto:` or `tel:`. */
  readonly links: { readonly terms: string | undefined; readonly privacy: string | undefined; readonly contact: string | undefined };
  /** Where people go when they have signed up. No request can name another address. */
  readonly appUrl: string | undefined;
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

export type LimitsConfig = Readonly<Omit<SettingValues['limits'], 'enabled'>>;

export type RegistrationConfig = Readonly<SettingValues['registration']>;

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
