import type { Ask } from './unmigrated-database.ts';

/** The original's tables, as `npx prisma db push` (5.17.0) creates them from its schema. */
const tables = [
  `CREATE TABLE "Invitation" (
    "id" SERIAL NOT NULL,
    "code" TEXT NOT NULL,
    "is_used" BOOLEAN NOT NULL DEFAULT false,
    "used_by" INTEGER,

    CONSTRAINT "Invitation_pkey" PRIMARY KEY ("id")
)`,
  `CREATE TABLE "RegisterSession" (
    "sessionId" TEXT NOT NULL,
    "invitationId" INTEGER NOT NULL,
    "name" TEXT,
    "password" TEXT,
    "birthday" TEXT,
    "phone" TEXT,

    CONSTRAINT "RegisterSession_pkey" PRIMARY KEY ("sessionId")
)`,
  `CREATE TABLE "User" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "password" TEXT NOT NULL,
    "birthday" TEXT NOT NULL,
    "phone" TEXT NOT NULL,
    "invitationId" INTEGER NOT NULL,

    CONSTRAINT "User_pkey" PRIMARY KEY ("id")
)`,
  'CREATE UNIQUE INDEX "Invitation_code_key" ON "Invitation"("code")',
];

/** What `npx prisma migrate` adds to them. */
const prismaLedger = [
  `CREATE TABLE _prisma_migrations (
    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum                VARCHAR(64) NOT NULL,
    finished_at             TIMESTAMPTZ,
    migration_name          VARCHAR(255) NOT NULL,
    logs                    TEXT,
    rolled_back_at          TIMESTAMPTZ,
    started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count     INTEGER NOT NULL DEFAULT 0
)`,
  `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count)
   VALUES ('6d5a0c1e-5a3f-4b52-9c55-6c6f6b0a4a11', repeat('0f', 32), '2025-11-02 09:00:00.123456+09', '20251102000000_init', 1)`,
];

/** The original's own statements, verbatim from its README. */
export const originalSql = {
  addFiveCodes: `INSERT INTO "Invitation" (code, is_used) VALUES
    ('TEST001', false),
    ('TEST002', false),
    ('TEST003', false),
    ('TEST004', false),
    ('TEST005', false)
ON CONFLICT (code) DO UPDATE SET is_used = false, used_by = NULL;`,
  addOneCode: `INSERT INTO "Invitation" (code, is_used) VALUES ('TEST001', false);`,
  addOrResetOneCode: `INSERT INTO "Invitation" (code, is_used) VALUES ('TEST001', false) ON CONFLICT (code) DO UPDATE SET is_used = false, used_by = NULL;`,
  resetOneCode: `UPDATE "Invitation" SET is_used = false, used_by = NULL WHERE code = 'TEST001';`,
} as const;

/** Makes the original's tables, empty. */
export async function createOriginalTables(ask: Ask, { withPrismaLedger = false } = {}): Promise<void> {
  for (const sql of withPrismaLedger ? [...tables, ...prismaLedger] : tables) await ask(sql);
}

/** The columns of the original's tables, and the one by which rows are ordered. */
export const originalTables = {
  Invitation: { columns: ['id', 'code', 'is_used', 'used_by'], key: 'id' },
  RegisterSession: { columns: ['sessionId', 'invitationId', 'name', 'password', 'birthday', 'phone'], key: 'sessionId' },
  User: { columns: ['id', 'name', 'password', 'birthday', 'phone', 'invitationId'], key: 'id' },
} as const;

/** @returns every value of the original's columns as the server writes it, and a checksum of each table. */
export async function readOriginalRows(ask: Ask): Promise<Record<string, { rows: string[]; checksum: string | null }>> {
  const found: Record<string, { rows: string[]; checksum: string | null }> = {};
  for (const [table, { columns, key }] of Object.entries(originalTables)) {
    const row = `ROW(${columns.map((column) => `"${column}"`).join(', ')})::text`;
    const rows = await ask<{ row: string }>(`SELECT ${row} AS row FROM "${table}" ORDER BY "${key}"`);
    const [sum] = await ask<{ checksum: string | null }>(
      `SELECT md5(string_agg(md5(convert_to(row, 'UTF8')), '' ORDER BY row)) AS checksum FROM (SELECT ${row} COLLATE "C" AS row FROM "${table}") AS rows`,
    );
    found[table] = { rows: rows.map((one) => one.row), checksum: sum?.checksum ?? null };
  }
  return found;
}
