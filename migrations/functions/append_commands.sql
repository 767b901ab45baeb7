-- Appends a batch: its events, the outcomes of its commands and their records, all or nothing.
-- Returns the sequence and the time of the first event; each later event is one microsecond after
-- the one before it. Also returns the id of the event before the first one, so that a reader that
-- has that event knows that nothing lies between. Notifies the channel daybook_log if the batch has
-- events.
--
-- Each event, and the batch, gets the next hash of its chain: see docs/log-format.md.
--
-- A batch without events moves the clock of the log to its time, too: what was recorded up to a
-- moment does not change later.
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
-- revision 3
create or replace function append_commands(
  -- The epoch of the log under which the batch was decided. Null: it is not checked.
  of_epoch bigint,
  batch_id uuid,
  -- An array of [stream, version, id of the last event], one for each stream on which the batch's
  -- decisions depend. The version is 0 if the stream has no event. A null id is not checked.
  expected jsonb,
  -- The last event must be recorded before this time. Null: it may be recorded at any time.
  valid_until timestamptz,
  -- An array of [stream, version, id, type, schema version, occurred at, actor, command,
  -- correlation, causation, data, 1]. The data is a string with the JSON text to record, which has
  -- no control characters, or an object, as programs of the previous release send it. Instead of
  -- the 1 there is null if the stream, actor, correlation or causation has a backslash or a control
  -- character.
  pending_events jsonb,
  -- An array of [actor, key, fingerprint, command, number of the batch's events up to and including
  -- the command's, number of the command's events, rejection or null]. The rejection is a string
  -- or an object, as the data of events.
  pending_outcomes jsonb,
  -- A JSON text (see log/record-pack.ts) with the records of all commands of the batch, and the
  -- terms by which they are found. Without records, both are null.
  command_records text,
  terms integer[],
  out first_sequence bigint,
  out first_at timestamptz,
  out previous_id uuid
) language plpgsql
set plan_cache_mode = force_generic_plan
set timezone = 'UTC'
set datestyle = 'ISO'
as $$
#variable_conflict use_column
declare
  microsecond constant interval := interval '1 microsecond';
  pending_count constant integer := jsonb_array_length(pending_events);
  head log_head%rowtype;
  last_at timestamptz;
  outcomes_hash bytea;
  conflicts jsonb;
begin
  select * into strict head from log_head for update;
  first_sequence := head.sequence + 1;
  first_at := greatest(clock_timestamp(), head.clock + microsecond);
  last_at := first_at + (greatest(pending_count, 1) - 1) * microsecond;

  if head.epoch <> of_epoch then
    raise exception 'the log is not the one that was read'
      using errcode = 'DB006', detail = head.epoch::text;
  end if;

  if last_at >= valid_until then
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
    ), (
      -- Its last event may be archived.
      select version = (stream ->> 1)::integer and last_event_id = coalesce(
        (stream ->> 2)::uuid, last_event_id
      )
      from archived_streams
      where head.archived_through > 0 and stream_id = stream ->> 0 limit 1
    ), (stream ->> 1)::integer = 0)
  ) then
    select jsonb_object_agg(stream ->> 0, coalesce((
      select version from events where stream_id = stream ->> 0 order by version desc limit 1
    ), (select version from archived_streams where stream_id = stream ->> 0 limit 1), 0))
    into conflicts
    from jsonb_array_elements(expected) as wanted (stream)
    where not coalesce((
      select version = (stream ->> 1)::integer and id = coalesce((stream ->> 2)::uuid, id)
      from events where stream_id = stream ->> 0 order by version desc limit 1
    ), (
      select version = (stream ->> 1)::integer and last_event_id = coalesce(
        (stream ->> 2)::uuid, last_event_id
      )
      from archived_streams where stream_id = stream ->> 0 limit 1
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
    with inserted as (
      insert into command_outcomes (
        actor, idempotency_key, fingerprint, command_id, sequence, event_count, rejection,
        recorded_at
      )
      select outcome ->> 0, outcome ->> 1, outcome ->> 2, (outcome ->> 3)::uuid,
        head.sequence + (outcome ->> 4)::integer, (outcome ->> 5)::integer,
        (outcome ->> 6)::json, first_at
      from jsonb_array_elements(pending_outcomes) as pending (outcome)
      returning *
    )
    select hash into strict outcomes_hash from (
      select sequence, command_id, chain_hash('', concat_ws(
        E'\t', copy_text(actor), copy_text(idempotency_key), fingerprint, command_id, sequence,
        event_count, coalesce(copy_text(rejection::text), '\N')
      )) over (order by sequence, command_id) as hash
      from inserted
    ) as chained order by sequence desc, command_id desc limit 1;
  end if;

  -- Once in a million events: the next part of the table is added long before it is needed.
  if head.sequence / 1000000 <> (head.sequence + pending_count) / 1000000 then
    perform prepare_events_partition(head.sequence + pending_count);
  end if;

  if pending_count > 0 then
    select id into previous_id from events where sequence = head.sequence;
    insert into events (
      sequence, stream_id, version, id, type, schema_version, recorded_at, occurred_at, actor,
      command_id, correlation_id, causation_id, data, hash
    )
    select sequence, stream_id, version, id, type, schema_version, recorded_at, occurred_at, actor,
      command_id, correlation_id, causation_id,
      -- The type json takes an escaped NUL, which no text can have; jsonb refuses it.
      case when strpos(data, '\u0000') = 0 or data::jsonb is not null then data::json end,
      chain_hash(head.hash, concat_ws(
        E'\t', sequence, case when is_plain then stream_id else copy_text(stream_id) end, version,
        id, type, schema_version, recorded_at, occurred_at,
        case when is_plain then actor else copy_text(actor) end, command_id,
        case when is_plain then correlation_id else copy_text(correlation_id) end,
        case when causation_id is null then '\N'
          when is_plain then causation_id else copy_text(causation_id) end,
        replace(data, '\', '\\')
      )) over (order by sequence)
    from (
      select head.sequence + ordinal as sequence, event ->> 0 as stream_id,
        (event ->> 1)::integer as version, (event ->> 2)::uuid as id, event ->> 3 as type,
        (event ->> 4)::smallint as schema_version,
        first_at + (ordinal - 1) * microsecond as recorded_at,
        -- Clocks differ: the caller's time may lie in the future of the database.
        least((event ->> 5)::timestamptz, first_at + (ordinal - 1) * microsecond) as occurred_at,
        event ->> 6 as actor, (event ->> 7)::uuid as command_id, event ->> 8 as correlation_id,
        event ->> 9 as causation_id, event ->> 10 as data, event ->> 11 is not null as is_plain
      from jsonb_array_elements(pending_events) with ordinality as pending (event, ordinal)
      -- Evaluates each member once.
      offset 0
    ) as pending;
    select hash into strict head.hash from events where sequence = head.sequence + pending_count;
    perform pg_notify('daybook_log', (head.sequence + pending_count)::text);
  end if;

  command_records := coalesce(command_records, '{"texts":[],"records":[]}');
  insert into command_batches (
    recorded_at, first_sequence, event_count, batch_id, size, records, hash
  )
  values (
    first_at, first_sequence, pending_count, batch_id, length(command_records), command_records,
    sha256(head.commands_hash || convert_to(concat_ws(
      E'\t', first_at, first_sequence, pending_count, batch_id, length(command_records),
      replace(command_records, '\', '\\'), encode(head.hash, 'hex'),
      coalesce(encode(outcomes_hash, 'hex'), '')
    ), 'UTF8'))
  )
  returning hash into strict head.commands_hash;
  insert into command_terms (term, recorded_at)
  select term, first_at from unnest(terms) as wanted (term);

  update log_head set sequence = head.sequence + pending_count, clock = last_at,
    hash = head.hash, commands_hash = head.commands_hash;
end
$$;
