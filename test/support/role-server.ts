import pg from 'pg';
import { type PostgresqlServer, startPostgresql } from './postgresql.ts';

/** A PostgreSQL server of one test file, because roles belong to the whole server. */
export interface RoleServer extends AsyncDisposable {
  /** Makes a database that belongs to the ordinary role `chodae`. */
  database(name: string): Promise<RoleDatabase>;
}

export interface RoleDatabase {
  /** As its owner. */
  readonly url: string;
  /** The same database as another role. */
  urlOf(role: string, password: string): string;
  /** Runs statements as another role (`SET ROLE`), each on its own; default: the superuser. */
  ask<Row = Record<string, unknown>>(sql: string, role?: string): Promise<Row[]>;
}

/** The roles of a Supabase project, and the rights they get on everything that the tables' owner creates. */
const supabaseRoles = [
  'CREATE ROLE anon NOLOGIN NOINHERIT',
  'CREATE ROLE authenticated NOLOGIN NOINHERIT',
  'CREATE ROLE service_role NOLOGIN NOINHERIT BYPASSRLS',
  "CREATE ROLE authenticator LOGIN NOINHERIT PASSWORD 'invited'",
  'GRANT anon, authenticated, service_role TO authenticator',
];
const supabaseGrants = ['TABLES', 'SEQUENCES', 'FUNCTIONS'].map(
  (kind) => `ALTER DEFAULT PRIVILEGES FOR ROLE chodae IN SCHEMA public GRANT ALL ON ${kind} TO anon, authenticated, service_role`,
);

/** Starts a server whose databases are like those of Supabase, or ordinary ones. The owner may create roles. */
export async function startRoleServer(like: 'supabase' | 'ordinary'): Promise<RoleServer> {
  const server = await startPostgresql();
  const admin = await connect(server.adminUrl);
  await admin.query('ALTER ROLE chodae CREATEROLE');
  if (like === 'supabase') for (const sql of supabaseRoles) await admin.query(sql);
  const clients: pg.Client[] = [admin];
  return {
    async database(name) {
      await admin.query(`CREATE DATABASE ${name} OWNER chodae`);
      const client = await connect(inDatabase(server.adminUrl, name));
      clients.push(client);
      if (like === 'supabase') {
        await client.query('GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role');
        for (const sql of supabaseGrants) await client.query(sql);
      }
      return roleDatabase(server, name, client);
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.end();
      await server[Symbol.asyncDispose]();
    },
  };
}

function roleDatabase(server: PostgresqlServer, name: string, client: pg.Client): RoleDatabase {
  return {
    url: inDatabase(server.url, name),
    urlOf(role, password) {
      const url = new URL(inDatabase(server.url, name));
      url.username = role;
      url.password = password;
      return url.href;
    },
    async ask<Row>(sql: string, role = 'NONE') {
      await client.query(`SET ROLE ${role}`);
      try {
        return (await client.query(sql)).rows as Row[];
      } finally {
        await client.query('RESET ROLE');
      }
    },
  };
}

function inDatabase(url: string, name: string): string {
  const address = new URL(url);
  address.pathname = `/${name}`;
  return address.href;
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}
