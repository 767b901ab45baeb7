-- Appends a batch of events and the outcomes of its commands, all or nothing. Returns the sequence
-- and the time of the first event; each later event is one microsecond after the one before it.
-- Also returns the id of the event before the first one, so that a reader that has that event knows
-- that nothing lies between. Notifies the channel daybook_log if the batch has events.
--
-- A batch without events moves the clock of the log to its time, too: what was recorded up to a
-- moment does not change later. Servers of the previous release call this function; append_commands
-- calls it for later ones.
--
-- Locks the row of log_head until the transaction ends, so that sequences have no gap and are in
-- commit order.
--
-- Throws, and appends nothing:
-- DB001 if a stream is not at its expected version or its last event is not the expected one.
--   DETAIL is a JSON object of the current versions of these streams.
-- DB002 if idempotency keys have been used. DETAIL is a JSON array of [actor, key].
-- DB006 if the log has another epoch. DETAIL is that epoch.
-- DB007 if the batch would be recorded at or after valid_until. DETAIL is the time at which its
--   first event would have been recorded.
-- 23505 if the log already has a batch or an event with one of these ids.
--
-- PostgreSQL may plan the statements while the tables are empty, and the plans must also serve when
-- the tables are large. Each lookup is therefore a subquery or a lateral join, never a plain join
-- that could become a scan.
-- revision 2
create or replace function append_events(
  -- The epoch of the log under which the batch was decided. Null: it is not checked.
  of_epoch bigint,
  batch_id uuid,
  -- An array of [stream, version, id of the last event], one for each stream on which the batch's
  -- decisions depend. The version is 0 if the stream has no event. A null id is not checked.
  expected jsonb,
  -- The last event must be recorded before this time. Null: it may be recorded at any time.
  valid_until timestamptz,
  -- An array of [stream, version, id, type, schema version, occurred at, actor, command,
  -- correlation, causation, data].
  pending_events jsonb,
  -- An array of [actor, key, fingerprint, command, number of the batch's events up to and including
  -- the command's, number of the command's events, rejection or null].
  pending_outcomes jsonb,
  out first_sequence bigint,
  out first_at timestamptz,
  out previous_id uuid
) language plpgsql set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  microsecond constant interval := interval '1 microsecond';
  pending_count constant integer := jsonb_array_length(pending_events);
  current_epoch bigint;
  conflicts jsonb;
begin
  if pending_count > 0 then
    update log_head set sequence = sequence + pending_count,
      clock = greatest(clock_timestamp(), clock + microsecond) + (pending_count - 1) * microsecond
    returning sequence - pending_count + 1, clock - (pending_count - 1) * microsecond, epoch
    into strict first_sequence, first_at, current_epoch;
  else
    update log_head set clock = greatest(clock_timestamp(), clock + microsecond)
    returning sequence + 1, clock, epoch into strict first_sequence, first_at, current_epoch;
  end if;

  if current_epoch <> of_epoch then
    raise exception 'the log is not the one that was read'
      using errcode = 'DB006', detail = current_epoch::text;
  end if;

  if first_at + (greatest(pending_count, 1) - 1) * microsecond >= valid_until then
    raise exception 'it is too late for what was decided' using errcode = 'DB007',
      detail = to_char(first_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
  end if;

  -- Reads a stream from the expected version on: one that has not changed costs one index entry.
  if exists (
    select from jsonb_array_elements(expected) as wanted (stream)
    where not coalesce((
      select version = (stream ->> 1)::integer and id = coalesce((stream ->> 2)::uuid, id)
      from events
      where stream_id = stream ->> 0 and version >= (stream ->> 1)::integer
      order by version desc limit 1
    ), (stream ->> 1)::integer = 0)
  ) then
    select jsonb_object_agg(stream ->> 0, coalesce((
      select version from events where stream_id = stream ->> 0 order by version desc limit 1
    ), 0)) into conflicts
    from jsonb_array_elements(expected) as wanted (stream)
    where not coalesce((
      select version = (stream ->> 1)::integer and id = coalesce((stream ->> 2)::uuid, id)
      from events where stream_id = stream ->> 0 order by version desc limit 1
    ), (stream ->> 1)::integer = 0);
    raise exception 'the streams have moved on' using errcode = 'DB001', detail = conflicts::text;
  end if;

  if jsonb_array_length(pending_outcomes) > 0 then
    select jsonb_agg(used) into conflicts
    from jsonb_array_elements(pending_outcomes) as wanted (outcome)
    cross join lateral (
      select jsonb_build_array(actor, idempotency_key) as used from command_outcomes
      where actor = outcome ->> 0 and idempotency_key = outcome ->> 1
      limit 1
    ) as used;
    if conflicts is not null then
      raise exception 'the keys are used' using errcode = 'DB002', detail = conflicts::text;
    end if;
    insert into command_outcomes (
      actor, idempotency_key, fingerprint, command_id, sequence, event_count, rejection
    )
    select outcome ->> 0, outcome ->> 1, outcome ->> 2, (outcome ->> 3)::uuid,
      first_sequence - 1 + (outcome ->> 4)::integer, (outcome ->> 5)::integer,
      nullif(outcome -> 6, 'null')
    from jsonb_array_elements(pending_outcomes) as pending (outcome);
  end if;

  insert into append_batches (id, first_sequence, event_count, recorded_at)
  values (batch_id, first_sequence, pending_count, first_at);

  if pending_count > 0 then
    select id into previous_id from events where sequence = first_sequence - 1;
    insert into events (
      sequence, stream_id, version, id, type, schema_version, recorded_at, occurred_at, actor,
      command_id, correlation_id, causation_id, data
    )
    select first_sequence + ordinal - 1, event ->> 0, (event ->> 1)::integer, (event ->> 2)::uuid,
      event ->> 3, (event ->> 4)::smallint, first_at + (ordinal - 1) * microsecond,
      -- Clocks differ: the caller's time may lie in the future of the database.
      least((event ->> 5)::timestamptz, first_at + (ordinal - 1) * microsecond),
      event ->> 6, (event ->> 7)::uuid, event ->> 8, event ->> 9, event -> 10
    from jsonb_array_elements(pending_events) with ordinality as pending (event, ordinal);
    perform pg_notify('daybook_log', (first_sequence + pending_count - 1)::text);
  end if;
end
$$;
