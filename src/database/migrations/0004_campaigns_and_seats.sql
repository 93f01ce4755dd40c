-- Campaigns that were named before this table existed.
INSERT INTO campaigns (name) SELECT DISTINCT campaign FROM "Invitation" WHERE campaign IS NOT NULL ON CONFLICT DO NOTHING;
--> statement-breakpoint
-- The function of migration 0002, which now also asks whether the campaign was revoked.
CREATE OR REPLACE FUNCTION chodae_open_seat_session(wanted_invitation integer, new_session text, life_seconds double precision)
RETURNS TABLE (session_expires_at timestamptz, seat_free_at timestamptz)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  free integer;
  held integer;
  next_release timestamptz;
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
$$;
