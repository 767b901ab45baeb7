-- Which history the log is. A failover or a restore can lose the last commits while processes run that
-- have read them: then the sequences and versions of what comes next are counted a second time, and
-- counts no longer say what was read. So whatever a process writes names the epoch of the log that it
-- knows and the events that it has read.

alter table log_head add column epoch bigint not null default 1;

-- The last event that a snapshot holds. Null: it was written by a program that did not say.
alter table stream_snapshots add column last_event_id uuid;

-- Refuses a process that knows another history: DB006 with the epoch in DETAIL. It must have read the
-- log under its present epoch, and every event that it names must be where it was read; nothing is
-- checked when it names no epoch. Gives the sequences, so that a statement that uses them cannot go on
-- without the check.
create function assert_recorded(of_epoch bigint, sequences bigint[], ids uuid[])
returns bigint[] language plpgsql stable as $$
declare
  current_epoch bigint;
begin
  if of_epoch is null then
    return sequences;
  end if;
  select epoch into strict current_epoch from log_head;
  if current_epoch <> of_epoch or exists (
    select from unnest(sequences, ids) as known (sequence, id)
    where known.id is not null and known.id is distinct from (
      select events.id from events where events.sequence = known.sequence
    )
  ) then
    raise exception 'the log is not the one that was read'
      using errcode = 'DB006', detail = current_epoch::text;
  end if;
  return sequences;
end
$$;

-- Raises the epoch because an event that was read is not in the log, unless somebody has raised it
-- already; gives the epoch. It never gives one that a process of the lost history knows.
create function raise_log_epoch(of_epoch bigint, missing_id uuid) returns bigint
language plpgsql as $$
declare
  head log_head%rowtype;
begin
  select * into strict head from log_head for update;
  if head.epoch > of_epoch
    or head.epoch = of_epoch and exists (select from events where id = missing_id)
  then
    return head.epoch;
  end if;
  update log_head set epoch = of_epoch + 1;
  delete from stream_snapshots as snapshot where not exists (
    select from events
    where events.stream_id = snapshot.stream_id and events.version = snapshot.version
      and (snapshot.last_event_id is null or events.id = snapshot.last_event_id)
  );
  perform pg_notify('daybook_log', head.sequence::text);
  return of_epoch + 1;
end
$$;

-- Beside the function that programs from before the epoch call: for a process that names what it has
-- read, `of_epoch`, and in `expected` the last event of each stream beside its version. An epoch or an
-- event that is null is not checked. Refuses what was decided for an earlier time: DB007 with the time in
-- DETAIL. Gives also the event before the first one, by which whoever follows the log knows that nothing
-- lies between.
create function append_events(
  of_epoch bigint,
  batch_id uuid,
  -- [stream, version, last event] of every stream that the batch's decisions rest on.
  expected jsonb,
  -- Until when the decisions hold: the last event must be recorded before. Null: at any time.
  valid_until timestamptz,
  -- [stream, version, id, type, schema version, occurred at, actor, command, correlation, causation,
  -- data] each.
  pending_events jsonb,
  -- [actor, key, fingerprint, command, how many of the batch's events come before and with the
  -- command, how many are its own, rejection] each.
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
    select sequence + 1, greatest(clock_timestamp(), clock + microsecond), epoch
    into strict first_sequence, first_at, current_epoch from log_head for update;
  end if;

  if current_epoch <> of_epoch then
    raise exception 'the log is not the one that was read'
      using errcode = 'DB006', detail = current_epoch::text;
  end if;

  if first_at + (greatest(pending_count, 1) - 1) * microsecond >= valid_until then
    raise exception 'it is too late for what was decided' using errcode = 'DB007',
      detail = to_char(first_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
  end if;

  -- From the expected version on: a stream that has not moved on is left after one entry.
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
      -- Clocks differ: a fact that has just happened there may lie in the future here.
      least((event ->> 5)::timestamptz, first_at + (ordinal - 1) * microsecond),
      event ->> 6, (event ->> 7)::uuid, event ->> 8, event ->> 9, event -> 10
    from jsonb_array_elements(pending_events) with ordinality as pending (event, ordinal);
    perform pg_notify('daybook_log', (first_sequence + pending_count - 1)::text);
  end if;
end
$$;
