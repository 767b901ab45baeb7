-- Fewer indexes for each event: in a stream the order of versions is that of sequences, and in the
-- log the order of times is. A place in the one is found by halving the other, when it is asked for.

drop index events_stream_id_sequence_idx;
alter table events drop constraint events_recorded_at_key;

-- The version of a stream right after a sequence; 0 before its first event.
create function version_at(of_stream text, at bigint) returns integer language plpgsql stable as $$
declare
  low integer := 0;
  middle integer;
  high integer;
  found_sequence bigint;
begin
  select version, sequence into high, found_sequence from events
  where stream_id = of_stream order by version desc limit 1;
  -- The ends are what is asked for most.
  if high is null or at <= 0 then
    return 0;
  elsif found_sequence <= at then
    return high;
  end if;
  while high - low > 1 loop
    middle := (low + high) / 2;
    select sequence into strict found_sequence from events
    where stream_id = of_stream and version = middle;
    if found_sequence <= at then
      low := middle;
    else
      high := middle;
    end if;
  end loop;
  return low;
end
$$;

-- As before, the last sequence recorded at or before a moment; null: the moment is in the future.
create or replace function sequence_at(moment timestamptz) returns bigint language plpgsql as $$
declare
  head log_head%rowtype;
  observed timestamptz;
  low bigint := 0;
  middle bigint;
  high bigint;
  found_at timestamptz;
begin
  select * into strict head from log_head;
  if moment > head.clock then
    select * into strict head from log_head for update;
    if moment > head.clock then
      observed := clock_timestamp();
      if moment > observed then
        return null;
      end if;
      update log_head set clock = observed;
      return head.sequence;
    end if;
  end if;
  high := head.sequence + 1;
  while high - low > 1 loop
    middle := (low + high) / 2;
    select recorded_at into strict found_at from events where sequence = middle;
    if found_at <= moment then
      low := middle;
    else
      high := middle;
    end if;
  end loop;
  return low;
end
$$;

-- As before, but a batch comes as JSON by position, which is read in less time than an array for each
-- column; the head is locked and moved by one statement; and each statement is planned once.
drop function append_events(
  uuid, uuid[], text[], integer[], text[], integer[], uuid[], text[], smallint[], timestamptz[],
  text[], uuid[], text[], text[], jsonb[], text[], text[], text[], uuid[], integer[], integer[],
  jsonb[]
);

-- Appends a batch, whole or not at all, in one transaction, and answers its first sequence and the
-- time of its first event; event i is recorded i microseconds later.
--
-- rests_on: the batches, perhaps still being appended, on top of which this one was decided. Versions
-- alone would not tell that one of them was refused and somebody else has written as many events.
-- expected: [stream, version] of every stream that the batch's decisions rest on, written or only
-- read. Refusals: DB001 with the stale streams, DB002 with the keys already used, each as JSON in
-- DETAIL.
--
-- The plans may be made while the tables are empty and have to serve when they are large: what is
-- looked up is a subquery of its own or lateral, never a join that could become a scan.
create function append_events(
  batch_id uuid,
  rests_on uuid[],
  expected jsonb,
  -- [stream, version, id, type, schema version, occurred at, actor, command, correlation, causation,
  -- data] each.
  pending_events jsonb,
  -- [actor, key, fingerprint, command, how many of the batch's events come before and with the
  -- command, how many are its own, rejection] each.
  pending_outcomes jsonb,
  out first_sequence bigint,
  out first_at timestamptz
) language plpgsql set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  microsecond constant interval := interval '1 microsecond';
  pending_count constant integer := jsonb_array_length(pending_events);
  conflicts jsonb;
begin
  if pending_count > 0 then
    update log_head set sequence = sequence + pending_count,
      clock = greatest(clock_timestamp(), clock + microsecond) + (pending_count - 1) * microsecond
    returning sequence - pending_count + 1, clock - (pending_count - 1) * microsecond
    into strict first_sequence, first_at;
  else
    select sequence + 1, greatest(clock_timestamp(), clock + microsecond)
    into strict first_sequence, first_at from log_head for update;
  end if;

  if exists (
    select from unnest(rests_on) as needed (id)
    where (select id from append_batches where append_batches.id = needed.id) is null
  ) then
    raise exception 'a batch that this one rests on is not in the log'
      using errcode = 'DB001', detail = '{}';
  end if;

  -- From the expected version on: a stream that has not moved on is left after one entry.
  if exists (
    select from jsonb_array_elements(expected) as wanted (stream)
    where (stream ->> 1)::integer <> coalesce((
      select version from events
      where stream_id = stream ->> 0 and version >= (stream ->> 1)::integer
      order by version desc limit 1
    ), 0)
  ) then
    select jsonb_object_agg(stream ->> 0, actual) into conflicts
    from jsonb_array_elements(expected) as wanted (stream)
    cross join lateral coalesce((
      select version from events where stream_id = stream ->> 0 order by version desc limit 1
    ), 0) as actual
    where actual <> (stream ->> 1)::integer;
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
