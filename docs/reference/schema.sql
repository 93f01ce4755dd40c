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
  batch       uuid,
  CONSTRAINT "Invitation_pkey" PRIMARY KEY (id),
  CONSTRAINT "Invitation_max_uses_check" CHECK (((max_uses >= 1) AND (max_uses <= 1000000))),
  CONSTRAINT "Invitation_use_count_check" CHECK (((use_count >= 0) AND (use_count <= max_uses)))
);
ALTER SEQUENCE "Invitation_id_seq" OWNED BY "Invitation".id;
CREATE INDEX "Invitation_batch_idx" ON "Invitation" USING btree (batch, id) WHERE (batch IS NOT NULL);
CREATE INDEX "Invitation_campaign_idx" ON "Invitation" USING btree (campaign, id) WHERE (campaign IS NOT NULL);
CREATE UNIQUE INDEX "Invitation_code_key" ON "Invitation" USING btree (code);
CREATE INDEX "Invitation_created_at_idx" ON "Invitation" USING btree (created_at, id);
CREATE INDEX "Invitation_expires_at_idx" ON "Invitation" USING btree (expires_at, id) WHERE (expires_at IS NOT NULL);
CREATE INDEX "Invitation_note_words_idx" ON "Invitation" USING gin (to_tsvector('simple'::regconfig, note)) WHERE (note IS NOT NULL);
CREATE INDEX "Invitation_open_idx" ON "Invitation" USING btree (id) WHERE ((NOT is_used) AND (revoked_at IS NULL));
CREATE INDEX "Invitation_phone_idx" ON "Invitation" USING btree (phone) WHERE (phone IS NOT NULL);
CREATE INDEX "Invitation_revoked_idx" ON "Invitation" USING btree (id) WHERE (revoked_at IS NOT NULL);
CREATE INDEX "Invitation_starts_at_idx" ON "Invitation" USING btree (starts_at, id) WHERE (starts_at IS NOT NULL);
CREATE INDEX "Invitation_tolerant_code_idx" ON "Invitation" USING btree ((
CASE
    WHEN (code ~ '[^ -~]'::text) THEN translate(upper(regexp_replace(NORMALIZE(regexp_replace(translate(NORMALIZE(code), '！＂＃＄％＆＇（）＊＋，－．／０１２３４５６７８９：；＜＝＞？＠ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ［＼］＾＿｀ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ｛｜｝～'::text, (('!"#$%&''()*+,-./0123456789:'::text || chr(59)) || '<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefghijklmnopqrstuvwxyz{|}~'::text)), '[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]'::text, ''::text, 'g'::text)), '[-\u02d7\u058a\u05be\u1400\u1806\u2010-\u2015\u2043\u2212\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u2e5d\u301c\u3030\u30a0\ufe31\ufe32\ufe58\ufe63\U00010d6e\U00010ead \u0009-\u000d\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]'::text, ''::text, 'g'::text)), 'OIL'::text, '011'::text)
    ELSE translate(upper(code), 'OIL- '::text, '011'::text)
END) text_pattern_ops);
CREATE INDEX "Invitation_used_idx" ON "Invitation" USING btree (id) WHERE is_used;

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
  first_step_at   timestamp with time zone,
  network_key     text,
  name_at         timestamp with time zone,
  birthday_at     timestamp with time zone,
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
CREATE INDEX "User_created_at_idx" ON "User" USING btree (created_at, id);
CREATE INDEX "User_invitationId_idx" ON "User" USING btree ("invitationId", id);
CREATE UNIQUE INDEX "User_phone_key_key" ON "User" USING btree (phone_key);
CREATE INDEX "User_search_idx" ON "User" USING gin (string_to_array(((((((((((regexp_replace(lower(regexp_replace(NORMALIZE(name), '[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff \u0009-\u000d\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]'::text, ''::text, 'g'::text)), '(.{2})'::text, '\1 '::text, 'g'::text) || ' '::text) || regexp_replace(substr(lower(regexp_replace(NORMALIZE(name), '[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff \u0009-\u000d\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]'::text, ''::text, 'g'::text)), 2), '(.{2})'::text, '\1 '::text, 'g'::text)) || ' '::text) || regexp_replace(translate(phone, (((((((((((((('０１２３４５６７８９+-–().,/ '::text || chr(160)) || chr(8239)) || chr(12288)) || chr(8208)) || chr(8209)) || chr(8210)) || chr(8212)) || chr(8722)) || chr(65293)) || chr(8203)) || chr(8234)) || chr(8236)) || chr(8288)) || chr(65279)), '0123456789'::text), '(.{4})'::text, '\1 '::text, 'g'::text)) || ' '::text) || regexp_replace(substr(translate(phone, (((((((((((((('０１２３４５６７８９+-–().,/ '::text || chr(160)) || chr(8239)) || chr(12288)) || chr(8208)) || chr(8209)) || chr(8210)) || chr(8212)) || chr(8722)) || chr(65293)) || chr(8203)) || chr(8234)) || chr(8236)) || chr(8288)) || chr(65279)), '0123456789'::text), 2), '(.{4})'::text, '\1 '::text, 'g'::text)) || ' '::text) || regexp_replace(substr(translate(phone, (((((((((((((('０１２３４５６７８９+-–().,/ '::text || chr(160)) || chr(8239)) || chr(12288)) || chr(8208)) || chr(8209)) || chr(8210)) || chr(8212)) || chr(8722)) || chr(65293)) || chr(8203)) || chr(8234)) || chr(8236)) || chr(8288)) || chr(65279)), '0123456789'::text), 3), '(.{4})'::text, '\1 '::text, 'g'::text)) || ' '::text) || regexp_replace(substr(translate(phone, (((((((((((((('０１２３４５６７８９+-–().,/ '::text || chr(160)) || chr(8239)) || chr(12288)) || chr(8208)) || chr(8209)) || chr(8210)) || chr(8212)) || chr(8722)) || chr(65293)) || chr(8203)) || chr(8234)) || chr(8236)) || chr(8288)) || chr(65279)), '0123456789'::text), 4), '(.{4})'::text, '\1 '::text, 'g'::text)), ' '::text)) WITH (gin_pending_list_limit='256');

CREATE SEQUENCE audit_log_id_seq AS bigint;
CREATE TABLE audit_log (
  id          bigint                    NOT NULL DEFAULT nextval('audit_log_id_seq'::regclass),
  at          timestamp with time zone  NOT NULL DEFAULT now(),
  key_id      integer,
  operator    text                      NOT NULL,
  action      text                      NOT NULL,
  subject     text                      NOT NULL,
  subject_id  text,
  before      jsonb,
  after       jsonb,
  request_id  text,
  origin      text,
  CONSTRAINT audit_log_pkey PRIMARY KEY (id)
);
ALTER SEQUENCE audit_log_id_seq OWNED BY audit_log.id;
CREATE INDEX audit_log_at_idx ON audit_log USING btree (at, id);
CREATE INDEX audit_log_key_id_idx ON audit_log USING btree (key_id, id);
CREATE INDEX audit_log_subject_idx ON audit_log USING btree (subject, subject_id, id);

CREATE TABLE campaigns (
  name        text                      NOT NULL,
  created_at  timestamp with time zone  NOT NULL DEFAULT now(),
  revoked_at  timestamp with time zone,
  CONSTRAINT campaigns_pkey PRIMARY KEY (name)
);

CREATE TABLE idempotency_keys (
  operator_id   integer                   NOT NULL,
  key           text                      NOT NULL,
  request_hash  text                      NOT NULL,
  answer        jsonb,
  created_at    timestamp with time zone  NOT NULL DEFAULT now(),
  CONSTRAINT idempotency_keys_operator_id_key_pk PRIMARY KEY (operator_id, key)
);
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys USING btree (created_at);

CREATE SEQUENCE operator_keys_id_seq AS integer;
CREATE TABLE operator_keys (
  id            integer                   NOT NULL DEFAULT nextval('operator_keys_id_seq'::regclass),
  label         text                      NOT NULL,
  role          text                      NOT NULL,
  key_hash      text                      NOT NULL,
  hint          text                      NOT NULL,
  created_at    timestamp with time zone  NOT NULL DEFAULT now(),
  created_by    text                      NOT NULL,
  last_used_at  timestamp with time zone,
  expires_at    timestamp with time zone,
  revoked_at    timestamp with time zone,
  CONSTRAINT operator_keys_pkey PRIMARY KEY (id),
  CONSTRAINT operator_keys_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'issuer'::text, 'admin'::text])))
);
ALTER SEQUENCE operator_keys_id_seq OWNED BY operator_keys.id;
CREATE UNIQUE INDEX operator_keys_key_hash_key ON operator_keys USING btree (key_hash);

CREATE UNLOGGED TABLE rate_limits (
  key         text                      NOT NULL,
  points      integer                   NOT NULL,
  expires_at  timestamp with time zone  NOT NULL,
  CONSTRAINT rate_limits_pkey PRIMARY KEY (key)
);
CREATE INDEX rate_limits_expires_at_idx ON rate_limits USING btree (expires_at);

CREATE TABLE registration_attempts (
  attempt        uuid                      NOT NULL,
  invitation_id  integer                   NOT NULL,
  verified_at    timestamp with time zone  NOT NULL,
  name_at        timestamp with time zone,
  birthday_at    timestamp with time zone,
  ended_at       timestamp with time zone  NOT NULL,
  outcome        text                      NOT NULL,
  CONSTRAINT registration_attempts_pkey PRIMARY KEY (attempt)
);
CREATE INDEX registration_attempts_verified_at_idx ON registration_attempts USING btree (verified_at);

CREATE TABLE registration_receipts (
  session_id    text                      NOT NULL,
  user_id       integer                   NOT NULL,
  completed_at  timestamp with time zone  NOT NULL DEFAULT now(),
  CONSTRAINT registration_receipts_pkey PRIMARY KEY (session_id)
);
CREATE INDEX registration_receipts_completed_at_idx ON registration_receipts USING btree (completed_at);

CREATE OR REPLACE FUNCTION public.chodae_hold_seat(wanted_invitation integer, new_session text, hold_seconds double precision, network text)
 RETURNS TABLE(session_expires_at timestamp with time zone, seat_free_at timestamp with time zone)
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.chodae_move_events(batch integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.chodae_open_seat_session(wanted_invitation integer, new_session text, life_seconds double precision)
 RETURNS TABLE(session_expires_at timestamp with time zone, seat_free_at timestamp with time zone)
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
BEGIN
  RETURN QUERY SELECT seat.session_expires_at, seat.seat_free_at
    FROM chodae_hold_seat(wanted_invitation, new_session, life_seconds, NULL::text) seat;
END
$function$;
