-- An empty table is dropped at once, another one by chodae_move_events (migration 0007); the comment says from when on.
DO $$
BEGIN
  IF EXISTS (SELECT FROM registration_events) THEN
    EXECUTE format('COMMENT ON TABLE registration_events IS %L', now() + interval '1 day');
  ELSE
    DROP TABLE registration_events;
  END IF;
END
$$;
