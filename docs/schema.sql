-- The schema as the migrations leave it, for reading and for seeing in a diff what a change does to it.
-- Written by `npm run schema:picture`; a test compares it with the embedded database and with PostgreSQL.

CREATE SEQUENCE "Invitation_id_seq" AS integer;
CREATE TABLE "Invitation" (
  id          integer                   NOT NULL DEFAULT nextval('"Invitation_id_seq"'::regclass),
  code        text                      NOT NULL,
  is_used     boolean                   NOT NULL DEFAULT false,
  used_by     integer,
  created_at  timestamp with time zone  DEFAULT now(),
  starts_at   timestamp with time zone,
  expires_at  timestamp with time zone,
  revoked_at  timestamp with time zone,
  max_uses    integer                   NOT NULL DEFAULT 1,
  use_count   integer                   NOT NULL DEFAULT 0,
  campaign    text,
  note        text,
  phone       text,
  created_by  text,
  CONSTRAINT "Invitation_pkey" PRIMARY KEY (id),
  CONSTRAINT "Invitation_max_uses_check" CHECK (((max_uses >= 1) AND (max_uses <= 1000000))),
  CONSTRAINT "Invitation_use_count_check" CHECK (((use_count >= 0) AND (use_count <= max_uses)))
);
ALTER SEQUENCE "Invitation_id_seq" OWNED BY "Invitation".id;
CREATE UNIQUE INDEX "Invitation_code_key" ON "Invitation" USING btree (code);

CREATE TABLE "RegisterSession" (
  "sessionId"     text                      NOT NULL,
  "invitationId"  integer                   NOT NULL,
  name            text,
  password        text,
  birthday        text,
  phone           text,
  created_at      timestamp with time zone  NOT NULL DEFAULT now(),
  expires_at      timestamp with time zone  NOT NULL DEFAULT (now() + '00:30:00'::interval),
  attempt         uuid                      NOT NULL DEFAULT gen_random_uuid(),
  CONSTRAINT "RegisterSession_pkey" PRIMARY KEY ("sessionId")
);
CREATE INDEX "RegisterSession_expires_at_idx" ON "RegisterSession" USING btree (expires_at);
CREATE INDEX "RegisterSession_invitationId_expires_at_idx" ON "RegisterSession" USING btree ("invitationId", expires_at);

CREATE SEQUENCE "User_id_seq" AS integer;
CREATE TABLE "User" (
  id              integer                   NOT NULL DEFAULT nextval('"User_id_seq"'::regclass),
  name            text                      NOT NULL,
  password        text                      NOT NULL,
  birthday        text                      NOT NULL,
  phone           text                      NOT NULL,
  "invitationId"  integer                   NOT NULL,
  created_at      timestamp with time zone  DEFAULT now(),
  phone_key       text,
  CONSTRAINT "User_pkey" PRIMARY KEY (id)
);
ALTER SEQUENCE "User_id_seq" OWNED BY "User".id;
CREATE UNIQUE INDEX "User_phone_key_key" ON "User" USING btree (phone_key);

CREATE TABLE registration_events (
  attempt        uuid                      NOT NULL,
  event          text                      NOT NULL,
  invitation_id  integer                   NOT NULL,
  at             timestamp with time zone  NOT NULL DEFAULT now(),
  CONSTRAINT registration_events_attempt_event_pk PRIMARY KEY (attempt, event)
);
CREATE INDEX registration_events_at_idx ON registration_events USING btree (at);

CREATE TABLE registration_receipts (
  session_id    text                      NOT NULL,
  user_id       integer                   NOT NULL,
  completed_at  timestamp with time zone  NOT NULL DEFAULT now(),
  CONSTRAINT registration_receipts_pkey PRIMARY KEY (session_id)
);
CREATE INDEX registration_receipts_completed_at_idx ON registration_receipts USING btree (completed_at);

CREATE OR REPLACE FUNCTION public.chodae_open_seat_session(wanted_invitation integer, new_session text, life_seconds double precision)
 RETURNS TABLE(session_expires_at timestamp with time zone, seat_free_at timestamp with time zone)
 LANGUAGE plpgsql
AS $function$
DECLARE
  free integer;
  held integer;
  next_release timestamptz;
  opened "RegisterSession"%ROWTYPE;
BEGIN
  SELECT max_uses - CASE WHEN use_count >= max_uses THEN 0 ELSE use_count END INTO free
  FROM "Invitation"
  WHERE id = wanted_invitation AND NOT is_used AND revoked_at IS NULL
    AND (starts_at IS NULL OR starts_at <= clock_timestamp()) AND (expires_at IS NULL OR expires_at > clock_timestamp())
  FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN;
  END IF;

  -- A seat stays held for 10 seconds after its session expired: longer than any statement may run, so that a step or a completion that
  -- began in time is not overtaken by somebody who takes its seat.
  SELECT count(*), min(session.expires_at) + interval '10 seconds' INTO held, next_release
  FROM "RegisterSession" session
  WHERE session."invitationId" = wanted_invitation AND session.expires_at > clock_timestamp() - interval '10 seconds';
  IF held >= free THEN
    RETURN QUERY SELECT NULL::timestamptz, next_release;
    RETURN;
  END IF;

  INSERT INTO "RegisterSession" ("sessionId", "invitationId", created_at, expires_at)
  VALUES (new_session, wanted_invitation, clock_timestamp(), clock_timestamp() + make_interval(secs => life_seconds))
  RETURNING * INTO opened;
  INSERT INTO registration_events (attempt, event, invitation_id) VALUES (opened.attempt, 'verified', wanted_invitation);
  RETURN QUERY SELECT opened.expires_at, NULL::timestamptz;
END
$function$;
