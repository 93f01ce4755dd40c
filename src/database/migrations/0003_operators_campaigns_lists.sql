CREATE TABLE "audit_log" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"key_id" integer,
	"operator" text NOT NULL,
	"action" text NOT NULL,
	"subject" text NOT NULL,
	"subject_id" text,
	"before" jsonb,
	"after" jsonb,
	"request_id" text,
	"origin" text
);
--> statement-breakpoint
CREATE TABLE "campaigns" (
	"name" text PRIMARY KEY NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"operator_id" integer NOT NULL,
	"key" text NOT NULL,
	"request_hash" text NOT NULL,
	"answer" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_operator_id_key_pk" PRIMARY KEY("operator_id","key")
);
--> statement-breakpoint
CREATE TABLE "operator_keys" (
	"id" serial PRIMARY KEY NOT NULL,
	"label" text NOT NULL,
	"role" text NOT NULL,
	"key_hash" text NOT NULL,
	"hint" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text NOT NULL,
	"last_used_at" timestamp with time zone,
	"expires_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "operator_keys_role_check" CHECK ("operator_keys"."role" IN ('viewer', 'issuer', 'admin'))
);
--> statement-breakpoint
ALTER TABLE "Invitation" ADD COLUMN "batch" uuid;--> statement-breakpoint
CREATE INDEX "audit_log_at_idx" ON "audit_log" USING btree ("at","id");--> statement-breakpoint
CREATE INDEX "audit_log_subject_idx" ON "audit_log" USING btree ("subject","subject_id","id");--> statement-breakpoint
CREATE INDEX "audit_log_key_id_idx" ON "audit_log" USING btree ("key_id","id");--> statement-breakpoint
CREATE INDEX "idempotency_keys_created_at_idx" ON "idempotency_keys" USING btree ("created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "operator_keys_key_hash_key" ON "operator_keys" USING btree ("key_hash");--> statement-breakpoint
CREATE INDEX "Invitation_tolerant_code_idx" ON "Invitation" USING btree (translate(upper("code"), 'OIL- ', '011') text_pattern_ops);--> statement-breakpoint
CREATE INDEX "Invitation_phone_idx" ON "Invitation" USING btree ("phone") WHERE "Invitation"."phone" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "Invitation_note_words_idx" ON "Invitation" USING gin (to_tsvector('simple', "note")) WHERE "Invitation"."note" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "Invitation_campaign_idx" ON "Invitation" USING btree ("campaign","id") WHERE "Invitation"."campaign" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "Invitation_batch_idx" ON "Invitation" USING btree ("batch","id") WHERE "Invitation"."batch" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "Invitation_open_idx" ON "Invitation" USING btree ("id") WHERE NOT "Invitation"."is_used" AND "Invitation"."revoked_at" IS NULL;--> statement-breakpoint
CREATE INDEX "Invitation_used_idx" ON "Invitation" USING btree ("id") WHERE "Invitation"."is_used";--> statement-breakpoint
CREATE INDEX "Invitation_revoked_idx" ON "Invitation" USING btree ("id") WHERE "Invitation"."revoked_at" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "Invitation_starts_at_idx" ON "Invitation" USING btree ("starts_at","id") WHERE "Invitation"."starts_at" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "Invitation_expires_at_idx" ON "Invitation" USING btree ("expires_at","id") WHERE "Invitation"."expires_at" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "Invitation_created_at_idx" ON "Invitation" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "RegisterSession_created_at_idx" ON "RegisterSession" USING btree ("created_at","attempt");--> statement-breakpoint
CREATE INDEX "User_invitationId_idx" ON "User" USING btree ("invitationId","id");--> statement-breakpoint
CREATE INDEX "User_created_at_idx" ON "User" USING btree ("created_at","id");