CREATE TABLE "registration_events" (
	"attempt" uuid NOT NULL,
	"event" text NOT NULL,
	"invitation_id" integer NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "registration_events_attempt_event_pk" PRIMARY KEY("attempt","event")
);
--> statement-breakpoint
CREATE TABLE "registration_receipts" (
	"session_id" text PRIMARY KEY NOT NULL,
	"user_id" integer NOT NULL,
	"completed_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
-- In two statements, so that rows older than this column keep NULL: nobody knows when they were made.
ALTER TABLE "Invitation" ADD COLUMN "created_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "Invitation" ALTER COLUMN "created_at" SET DEFAULT now();--> statement-breakpoint
ALTER TABLE "Invitation" ADD COLUMN "starts_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "Invitation" ADD COLUMN "expires_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "Invitation" ADD COLUMN "revoked_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "Invitation" ADD COLUMN "max_uses" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "Invitation" ADD COLUMN "use_count" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "Invitation" ADD COLUMN "campaign" text;--> statement-breakpoint
ALTER TABLE "Invitation" ADD COLUMN "note" text;--> statement-breakpoint
ALTER TABLE "Invitation" ADD COLUMN "phone" text;--> statement-breakpoint
ALTER TABLE "Invitation" ADD COLUMN "created_by" text;--> statement-breakpoint
ALTER TABLE "RegisterSession" ADD COLUMN "created_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "RegisterSession" ADD COLUMN "expires_at" timestamp with time zone DEFAULT (now() + '00:30:00'::interval) NOT NULL;--> statement-breakpoint
ALTER TABLE "RegisterSession" ADD COLUMN "attempt" uuid DEFAULT gen_random_uuid() NOT NULL;--> statement-breakpoint
-- In two statements, so that rows older than this column keep NULL: nobody knows when they were made.
ALTER TABLE "User" ADD COLUMN "created_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "User" ALTER COLUMN "created_at" SET DEFAULT now();--> statement-breakpoint
ALTER TABLE "User" ADD COLUMN "phone_key" text;--> statement-breakpoint
CREATE INDEX "registration_events_at_idx" ON "registration_events" USING btree ("at");--> statement-breakpoint
CREATE INDEX "registration_receipts_completed_at_idx" ON "registration_receipts" USING btree ("completed_at");--> statement-breakpoint
CREATE INDEX "RegisterSession_invitationId_expires_at_idx" ON "RegisterSession" USING btree ("invitationId","expires_at");--> statement-breakpoint
CREATE INDEX "RegisterSession_expires_at_idx" ON "RegisterSession" USING btree ("expires_at");--> statement-breakpoint
CREATE UNIQUE INDEX "User_phone_key_key" ON "User" USING btree ("phone_key");--> statement-breakpoint
ALTER TABLE "Invitation" ADD CONSTRAINT "Invitation_max_uses_check" CHECK ("Invitation"."max_uses" BETWEEN 1 AND 1000000);--> statement-breakpoint
ALTER TABLE "Invitation" ADD CONSTRAINT "Invitation_use_count_check" CHECK ("Invitation"."use_count" BETWEEN 0 AND "Invitation"."max_uses");
