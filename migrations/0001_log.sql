-- The log: one row of head, one table of events, the outcomes of keyed commands.

create table log_head (
  singleton boolean not null default true,
  sequence bigint not null default 0,
  -- No event will ever be recorded at or before this time.
  clock timestamptz not null default '-infinity',
  constraint log_head_pkey primary key (singleton),
  constraint log_head_singleton_check check (singleton)
) with (fillfactor = 10);

insert into log_head default values;

create table events (
  sequence bigint not null,
  stream_id text collate "C" not null,
  version integer not null,
  id uuid not null,
  type text collate "C" not null,
  schema_version smallint not null,
  recorded_at timestamptz not null,
  occurred_at timestamptz not null,
  actor text collate "C" not null,
  command_id uuid not null,
  correlation_id text collate "C" not null,
  causation_id text collate "C",
  data jsonb not null,
  constraint events_pkey primary key (sequence),
  constraint events_stream_id_version_key unique (stream_id, version),
  constraint events_id_key unique (id),
  constraint events_recorded_at_key unique (recorded_at),
  constraint events_version_check check (version > 0),
  constraint events_occurred_at_check check (occurred_at <= recorded_at)
);

create index events_stream_id_sequence_idx on events (stream_id, sequence);
create index events_type_sequence_idx on events (type, sequence);
create index events_actor_sequence_idx on events (actor, sequence);
create index events_correlation_id_sequence_idx on events (correlation_id, sequence);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% on % is refused: what is recorded stays as it is', tg_op, tg_table_name
    using errcode = 'DB003';
end
$$;

create trigger events_are_immutable before update or delete or truncate on events
  for each statement execute function refuse_change();

-- One row for each append, so that an append whose answer was lost can be looked up.
create table append_batches (
  id uuid not null,
  first_sequence bigint not null,
  event_count integer not null,
  recorded_at timestamptz not null,
  constraint append_batches_pkey primary key (id)
);

-- What a command with an idempotency key was answered, for as long as the log is kept.
create table command_outcomes (
  actor text collate "C" not null,
  idempotency_key text collate "C" not null,
  fingerprint text collate "C" not null,
  command_id uuid not null,
  -- The head right after the command, and how many events up to there are the command's own.
  sequence bigint not null,
  event_count integer not null,
  -- Null: accepted.
  rejection jsonb,
  constraint command_outcomes_pkey primary key (actor, idempotency_key)
);

create trigger command_outcomes_are_immutable before update or delete or truncate on command_outcomes
  for each statement execute function refuse_change();

-- A stream's folded state, to start from instead of from its first event.
create table stream_snapshots (
  stream_id text collate "C" not null,
  decider_version integer not null,
  version integer not null,
  state jsonb not null,
  constraint stream_snapshots_pkey primary key (stream_id, decider_version)
);

-- Appends a batch, whole or not at all, in one transaction, and answers its first sequence and the
-- time of its first event; event i is recorded i microseconds later.
--
-- rests_on: the batches, perhaps still being appended, on top of which this one was decided. Versions
-- alone would not tell that one of them was refused and somebody else has written as many events.
-- expected_versions: of every stream that the batch's decisions rest on, written or only read.
-- Refusals: DB001 with the stale streams, DB002 with the keys already used, each as JSON in DETAIL.
create function append_events(
  batch_id uuid,
  rests_on uuid[],
  expected_streams text[],
  expected_versions integer[],
  stream_ids text[],
  versions integer[],
  ids uuid[],
  types text[],
  schema_versions smallint[],
  occurred_ats timestamptz[],
  actors text[],
  command_ids uuid[],
  correlation_ids text[],
  causation_ids text[],
  datas jsonb[],
  outcome_actors text[],
  outcome_keys text[],
  outcome_fingerprints text[],
  outcome_command_ids uuid[],
  -- How many of the batch's events come before and with the command.
  outcome_offsets integer[],
  outcome_event_counts integer[],
  outcome_rejections jsonb[]
) returns table (first_sequence bigint, recorded_at timestamptz) language plpgsql as $$
declare
  head log_head%rowtype;
  event_count integer := cardinality(stream_ids);
  first_at timestamptz;
  conflicts jsonb;
begin
  select * into strict head from log_head for update;

  if exists (
    select from unnest(rests_on) as needed (id)
    where not exists (select from append_batches where append_batches.id = needed.id)
  ) then
    raise exception 'a batch that this one rests on is not in the log'
      using errcode = 'DB001', detail = '{}';
  end if;

  select jsonb_object_agg(expected.stream_id, coalesce(actual.version, 0)) into conflicts
  from unnest(expected_streams, expected_versions) as expected (stream_id, version)
  left join lateral (
    select events.version from events
    where events.stream_id = expected.stream_id
    order by events.version desc limit 1
  ) as actual on true
  where coalesce(actual.version, 0) <> expected.version;
  if conflicts is not null then
    raise exception 'the streams have moved on' using errcode = 'DB001', detail = conflicts::text;
  end if;

  if cardinality(outcome_keys) > 0 then
    select jsonb_agg(jsonb_build_array(used.actor, used.idempotency_key)) into conflicts
    from unnest(outcome_actors, outcome_keys) as wanted (actor, idempotency_key)
    -- Laterally: while the table has no statistics a join would be planned as a scan of it.
    cross join lateral (
      select actor, idempotency_key from command_outcomes
      where command_outcomes.actor = wanted.actor
        and command_outcomes.idempotency_key = wanted.idempotency_key
      limit 1
    ) as used;
    if conflicts is not null then
      raise exception 'the keys are used' using errcode = 'DB002', detail = conflicts::text;
    end if;
    insert into command_outcomes (
      actor, idempotency_key, fingerprint, command_id, sequence, event_count, rejection
    )
    select actor, idempotency_key, fingerprint, command_id, head.sequence + batch_offset,
      own_count, rejection
    from unnest(
      outcome_actors, outcome_keys, outcome_fingerprints, outcome_command_ids, outcome_offsets,
      outcome_event_counts, outcome_rejections
    ) as outcome (
      actor, idempotency_key, fingerprint, command_id, batch_offset, own_count, rejection
    );
  end if;

  first_at := greatest(clock_timestamp(), head.clock + interval '1 microsecond');
  insert into append_batches (id, first_sequence, event_count, recorded_at)
  values (batch_id, head.sequence + 1, event_count, first_at);

  if event_count > 0 then
    insert into events (
      sequence, stream_id, version, id, type, schema_version, recorded_at, occurred_at, actor,
      command_id, correlation_id, causation_id, data
    )
    select head.sequence + ordinal, stream_id, version, id, type, schema_version,
      first_at + (ordinal - 1) * interval '1 microsecond',
      -- Clocks differ: a fact that has just happened there may lie in the future here.
      least(occurred_at, first_at + (ordinal - 1) * interval '1 microsecond'),
      actor, command_id, correlation_id, causation_id, data
    from unnest(
      stream_ids, versions, ids, types, schema_versions, occurred_ats, actors, command_ids,
      correlation_ids, causation_ids, datas
    ) with ordinality as event (
      stream_id, version, id, type, schema_version, occurred_at, actor, command_id,
      correlation_id, causation_id, data, ordinal
    );
    update log_head set sequence = head.sequence + event_count,
      clock = first_at + (event_count - 1) * interval '1 microsecond';
    perform pg_notify('daybook_log', (head.sequence + event_count)::text);
  end if;

  return query select head.sequence + 1, first_at;
end
$$;

-- The last sequence recorded at or before a moment. Null: the moment is in the future.
--
-- A moment after the head's clock is decided under the head's lock, and the clock is moved to now,
-- so that no event can be recorded at or before the moment afterwards.
create function sequence_at(moment timestamptz) returns bigint language plpgsql as $$
declare
  head log_head%rowtype;
  observed timestamptz;
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
  return coalesce(
    (
      select events.sequence from events where events.recorded_at <= moment
      order by events.recorded_at desc limit 1
    ),
    0
  );
end
$$;
