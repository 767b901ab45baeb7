-- Old ranges of the log can be moved to files: see docs/operations.md. What reads, decisions and
-- proofs need of them stays here.

-- The events up to here are in files, not in the table events. 0: none.
alter table log_head add column archived_through bigint not null default 0;

-- The ranges that were moved, one after the other from event 1 on. A range that is fetched back has
-- no row.
create table archived_ranges (
  first_sequence bigint not null,
  last_sequence bigint not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  -- The hash of the event before the range, and of its last event.
  hash_before bytea not null,
  hash bytea not null,
  event_count bigint not null,
  -- The files that have the range, as an array of objects with name and sha256.
  files jsonb not null,
  archived_at timestamptz not null default clock_timestamp(),
  constraint archived_ranges_pkey primary key (first_sequence),
  constraint archived_ranges_order_check check (last_sequence >= first_sequence)
);

-- How far each stream had come when its events were moved. The rows are facts about the log, so they
-- are written before the events are moved, and stay when these are fetched back.
create table archived_streams (
  stream_id text collate "C" not null,
  -- The first event of the stream that was moved.
  first_sequence bigint not null,
  -- The last one.
  last_sequence bigint not null,
  version integer not null,
  last_event_id uuid not null,
  constraint archived_streams_pkey primary key (stream_id)
);

-- The people that events which were moved say are forgotten.
create table archived_erasures (
  subject text collate "C" not null,
  recorded_at timestamptz not null,
  constraint archived_erasures_pkey primary key (subject)
);

-- Parts of the log get no update: a vacuum freezes what it reads, and comes only for new rows.
do $$
declare
  part regclass;
begin
  for part in select inhrelid from pg_inherits where inhparent = 'events'::regclass loop
    execute format('alter table %s set (autovacuum_freeze_min_age = 0, '
      'autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 500000, '
      'autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 500000)', part);
  end loop;
end
$$;
