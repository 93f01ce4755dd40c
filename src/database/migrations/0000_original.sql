-- The original's tables, made only where they do not exist: a database of the original is upgraded in place.
CREATE TABLE IF NOT EXISTS "Invitation" (
	"id" serial PRIMARY KEY NOT NULL,
	"code" text NOT NULL,
	"is_used" boolean DEFAULT false NOT NULL,
	"used_by" integer
);
--> statement-breakpoint
CREATE TABLE IF NOT EXISTS "RegisterSession" (
	"sessionId" text PRIMARY KEY NOT NULL,
	"invitationId" integer NOT NULL,
	"name" text,
	"password" text,
	"birthday" text,
	"phone" text
);
--> statement-breakpoint
CREATE TABLE IF NOT EXISTS "User" (
	"id" serial PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"password" text NOT NULL,
	"birthday" text NOT NULL,
	"phone" text NOT NULL,
	"invitationId" integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX IF NOT EXISTS "Invitation_code_key" ON "Invitation" USING btree ("code");