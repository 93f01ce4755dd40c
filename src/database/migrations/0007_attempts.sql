CREATE TABLE "registration_attempts" (
	"attempt" uuid PRIMARY KEY NOT NULL,
	"invitation_id" integer NOT NULL,
	"verified_at" timestamp with time zone NOT NULL,
	"name_at" timestamp with time zone,
	"birthday_at" timestamp with time zone,
	"ended_at" timestamp with time zone NOT NULL,
	"outcome" text NOT NULL
);
--> statement-breakpoint
DROP INDEX "RegisterSession_created_at_idx";--> statement-breakpoint
ALTER TABLE "RegisterSession" ADD COLUMN "name_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "RegisterSession" ADD COLUMN "birthday_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "registration_attempts_verified_at_idx" ON "registration_attempts" USING btree ("verified_at");
--> statement-breakpoint
-- Opens a session on an invitation with several seats, where a live session holds a seat. Replaces the one of migration 0006,
-- which wrote events.
-- A function, because counting in the statement that takes the lock would count with a snapshot from before the lock: with 32 racers on
-- PostgreSQL 15 that was wrong in 199 of 200 rounds. Each statement of a VOLATILE function takes a new snapshot: wrong in 0 of 200.
-- One row: "session_expires_at" where a seat is held now, else "seat_free_at", the moment at which the next one may be let go.
-- No row: the invitation is no longer usable.
CREATE OR REPLACE FUNCTION chodae_hold_seat(wanted_invitation integer, new_session text, hold_seconds double precision, network text)
RETURNS TABLE (session_expires_at timestamptz, seat_free_at timestamptz)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  locked_at timestamptz;
  free integer;
  held integer;
  next_release timestamptz;
  ended "RegisterSession"%ROWTYPE;
  opened "RegisterSession"%ROWTYPE;
BEGIN
  SELECT i.max_uses - CASE WHEN i.use_count >= i.max_uses THEN 0 ELSE i.use_count END INTO free
  FROM "Invitation" i
  WHERE i.id = wanted_invitation AND NOT i.is_used AND i.revoked_at IS NULL
    AND NOT EXISTS (SELECT FROM campaigns c WHERE c.name = i.campaign AND c.revoked_at IS NOT NULL)
    AND (i.starts_at IS NULL OR i.starts_at <= clock_timestamp()) AND (i.expires_at IS NULL OR i.expires_at > clock_timestamp())
  FOR NO KEY UPDATE OF i;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  locked_at := clock_timestamp();

  -- A seat stays held for 10 seconds after its session expired: longer than any statement may run, so that a step or a completion that
  -- began in time is not overtaken by somebody who takes its seat.
  SELECT count(*), min(session.expires_at) + interval '10 seconds' INTO held, next_release
  FROM "RegisterSession" session
  WHERE session."invitationId" = wanted_invitation AND session.expires_at > locked_at - interval '10 seconds';

  -- Where every seat is held, the network with the most seats that have no step yet gives its oldest one to a network that holds at least
  -- two fewer. With a difference of one, two networks could take the same seat from each other for ever. "name" and "birthday" are asked for
  -- because versions before "first_step_at" store these steps without it.
  -- SKIP LOCKED: completing locks the session first and the invitation second, so waiting for a session here could be a deadlock; and a
  -- session whose step is being stored is not without one.
  IF held >= free THEN
    WITH holding AS (
      SELECT session.network_key, count(*) AS seats FROM "RegisterSession" session
      WHERE session."invitationId" = wanted_invitation AND session.expires_at > locked_at - interval '10 seconds'
        AND session.first_step_at IS NULL AND session.name IS NULL AND session.birthday IS NULL
      GROUP BY session.network_key
    ), largest AS (
      SELECT other.network_key FROM holding other
      WHERE other.network_key <> network AND other.seats >= 2 + COALESCE((SELECT own.seats FROM holding own WHERE own.network_key = network), 0)
      ORDER BY other.seats DESC, other.network_key LIMIT 1
    )
    DELETE FROM "RegisterSession" session WHERE session."sessionId" = (
      SELECT oldest."sessionId" FROM "RegisterSession" oldest
      WHERE oldest."invitationId" = wanted_invitation AND oldest.expires_at > locked_at - interval '10 seconds'
        AND oldest.first_step_at IS NULL AND oldest.name IS NULL AND oldest.birthday IS NULL
        AND oldest.network_key = (SELECT network_key FROM largest)
      ORDER BY oldest.created_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING session.* INTO ended;
    IF NOT FOUND THEN
      RETURN QUERY SELECT NULL::timestamptz, next_release;
      RETURN;
    END IF;
    -- It reached no step.
    INSERT INTO registration_attempts (attempt, invitation_id, verified_at, ended_at, outcome)
    VALUES (ended.attempt, wanted_invitation, ended.created_at, locked_at, 'expired') ON CONFLICT DO NOTHING;
  END IF;

  INSERT INTO "RegisterSession" ("sessionId", "invitationId", created_at, expires_at, network_key)
  VALUES (new_session, wanted_invitation, locked_at, locked_at + make_interval(secs => hold_seconds), network)
  RETURNING * INTO opened;
  RETURN QUERY SELECT opened.expires_at, NULL::timestamptz;
END
$$;
--> statement-breakpoint
-- Moves events to where sign-ups are kept now: the newest ones, "batch" of them, and the others of the same sign-ups. Returns how many. The sweeper calls
-- it until nothing is left, so that a large table neither delays a start nor is locked for long; it may be interrupted at any moment. Once the
-- table is empty it is dropped, but not on the day of this migration, because processes of the version before may still write to it.
-- SECURITY DEFINER: only the owner may drop a table.
CREATE FUNCTION chodae_move_events(batch integer) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER AS $$
DECLARE
  attempts uuid[];
  moved integer;
BEGIN
  IF to_regclass('registration_events') IS NULL OR NOT pg_try_advisory_xact_lock(4015161719) THEN
    RETURN 0;
  END IF;
  attempts := ARRAY(SELECT DISTINCT newest.attempt FROM (
    SELECT event.attempt FROM registration_events event ORDER BY event.at DESC LIMIT batch
  ) newest);

  WITH reached AS (
    SELECT event.attempt, min(event.at) FILTER (WHERE event.event = 'name') AS name_at,
      min(event.at) FILTER (WHERE event.event = 'birthday') AS birthday_at
    FROM registration_events event WHERE event.attempt = ANY (attempts) GROUP BY event.attempt
  )
  UPDATE "RegisterSession" session
  SET name_at = COALESCE(session.name_at, reached.name_at), birthday_at = COALESCE(session.birthday_at, reached.birthday_at)
  FROM reached WHERE session.attempt = reached.attempt;

  -- Where the session is gone. If no event says how it ended, the session was deleted by hand. Where "verified" is missing, the sign-up
  -- began before events were recorded, or its retention has ended.
  WITH moving AS (
    DELETE FROM registration_events event WHERE event.attempt = ANY (attempts) RETURNING event.*
  ), ended AS (
    INSERT INTO registration_attempts AS kept (attempt, invitation_id, verified_at, name_at, birthday_at, ended_at, outcome)
    SELECT moving.attempt, min(moving.invitation_id), min(moving.at) FILTER (WHERE moving.event = 'verified'),
      min(moving.at) FILTER (WHERE moving.event = 'name'), min(moving.at) FILTER (WHERE moving.event = 'birthday'), max(moving.at),
      COALESCE(min(moving.event) FILTER (WHERE moving.event IN ('completed', 'abandoned', 'expired')), 'expired')
    FROM moving WHERE NOT EXISTS (SELECT FROM "RegisterSession" session WHERE session.attempt = moving.attempt)
    GROUP BY moving.attempt HAVING count(*) FILTER (WHERE moving.event = 'verified') > 0
    ON CONFLICT (attempt) DO UPDATE
    SET name_at = COALESCE(kept.name_at, excluded.name_at), birthday_at = COALESCE(kept.birthday_at, excluded.birthday_at)
  )
  SELECT count(*) INTO moved FROM moving;

  IF moved = 0 AND obj_description('registration_events'::regclass)::timestamptz <= now() THEN
    BEGIN
      LOCK TABLE registration_events IN ACCESS EXCLUSIVE MODE NOWAIT;
      IF NOT EXISTS (SELECT FROM registration_events) THEN
        DROP TABLE registration_events;
      END IF;
    EXCEPTION WHEN lock_not_available THEN
      NULL;
    END;
  END IF;
  RETURN moved;
END
$$;
--> statement-breakpoint
-- With a search path of their own, whatever the caller's is (CVE-2018-1058). The schema has any name (?schema= in DATABASE_URL).
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION chodae_hold_seat(integer, text, double precision, text) SET search_path = pg_catalog, %I, pg_temp', current_schema());
  EXECUTE format('ALTER FUNCTION chodae_move_events(integer) SET search_path = pg_catalog, %I, pg_temp', current_schema());
END
$$;
