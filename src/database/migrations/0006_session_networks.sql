ALTER TABLE "RegisterSession" ADD COLUMN "first_step_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "RegisterSession" ADD COLUMN "network_key" text;
--> statement-breakpoint
-- Opens a session on an invitation with several seats, where a live session holds a seat. Replaces chodae_open_seat_session (migration 0004).
-- A function, because counting in the statement that takes the lock would count with a snapshot from before the lock: with 32 racers on
-- PostgreSQL 15 that was wrong in 199 of 200 rounds. Each statement of a VOLATILE function takes a new snapshot: wrong in 0 of 200.
-- One row: "session_expires_at" where a seat is held now, else "seat_free_at", the moment at which the next one may be let go.
-- No row: the invitation is no longer usable.
CREATE FUNCTION chodae_hold_seat(wanted_invitation integer, new_session text, hold_seconds double precision, network text)
RETURNS TABLE (session_expires_at timestamptz, seat_free_at timestamptz)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  locked_at timestamptz;
  free integer;
  held integer;
  next_release timestamptz;
  ended uuid;
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
    ) RETURNING session.attempt INTO ended;
    IF NOT FOUND THEN
      RETURN QUERY SELECT NULL::timestamptz, next_release;
      RETURN;
    END IF;
    INSERT INTO registration_events (attempt, event, invitation_id) VALUES (ended, 'expired', wanted_invitation) ON CONFLICT DO NOTHING;
  END IF;

  INSERT INTO "RegisterSession" ("sessionId", "invitationId", created_at, expires_at, network_key)
  VALUES (new_session, wanted_invitation, locked_at, locked_at + make_interval(secs => hold_seconds), network)
  RETURNING * INTO opened;
  INSERT INTO registration_events (attempt, event, invitation_id) VALUES (opened.attempt, 'verified', wanted_invitation);
  RETURN QUERY SELECT opened.expires_at, NULL::timestamptz;
END
$$;
--> statement-breakpoint
-- For processes of the version before, which run while the new one starts; the next migration may drop it. Its sessions are never taken over.
CREATE OR REPLACE FUNCTION chodae_open_seat_session(wanted_invitation integer, new_session text, life_seconds double precision)
RETURNS TABLE (session_expires_at timestamptz, seat_free_at timestamptz)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN QUERY SELECT seat.session_expires_at, seat.seat_free_at
    FROM chodae_hold_seat(wanted_invitation, new_session, life_seconds, NULL::text) seat;
END
$$;
--> statement-breakpoint
-- Both run with a search path of their own, whatever the caller's is (CVE-2018-1058). The schema has any name (?schema= in DATABASE_URL).
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION chodae_hold_seat(integer, text, double precision, text) SET search_path = pg_catalog, %I, pg_temp', current_schema());
  EXECUTE format('ALTER FUNCTION chodae_open_seat_session(integer, text, double precision) SET search_path = pg_catalog, %I, pg_temp', current_schema());
END
$$;
