-- The log as a chain: each event, and each batch of commands, has a SHA-256 over its exact text and
-- the hash before it. docs/log-format.md is the contract. The events move to a table that is
-- divided by ranges of sequences.
--
-- Takes about 20 seconds for a million events; appends and reads wait until then.

lock table log_head, events, append_batches, command_outcomes, command_batches
in access exclusive mode;

-- A step of the aggregate: the hash of the hash before and a text.
create function link_hash(state bytea, seed bytea, line text) returns bytea
language plpgsql immutable parallel safe as $$
begin
  return sha256(coalesce(state, seed) || convert_to(line, 'UTF8'));
end
$$;

-- As a window function over an order: the hash of each row of a chain that begins with a seed.
create aggregate chain_hash(seed bytea, line text) (sfunc = link_hash, stype = bytea);

alter table log_head
  -- The hash of the last event, and of the last batch of commands.
  add column hash bytea,
  add column commands_hash bytea,
  -- Events up to here were recorded before there was a chain, which was begun at this time.
  add column chained_after bigint not null default 0,
  add column chained_at timestamptz not null default clock_timestamp();

alter table events rename to unchained_events;
alter table unchained_events
  drop constraint events_pkey,
  drop constraint events_stream_id_version_key,
  drop constraint events_id_key;
drop index events_correlation_id_sequence_idx, events_type_sequence_idx, events_actor_sequence_idx;

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
  -- The text that was recorded. Its bytes are hashed, so it is not jsonb.
  data json not null,
  -- SHA-256 of the hash before and the event as COPY prints its columns up to data.
  hash bytea not null,
  constraint events_pkey primary key (sequence),
  constraint events_version_check check (version > 0),
  constraint events_occurred_at_check check (occurred_at <= recorded_at)
) partition by range (sequence);

-- 24 bits of the hash of a text, and 40 bits of the sequence: 20 bytes for each event, where the text
-- and the sequence took 68.
create index events_correlation_id_key_idx on events
(((hashtext(correlation_id)::bigint & 16777215) << 40 | sequence));
create index events_type_key_idx on events
(((hashtext(type)::bigint & 16777215) << 40 | sequence));
create index events_actor_key_idx on events
(((hashtext(actor)::bigint & 16777215) << 40 | sequence));

create function add_events_partition(first_sequence bigint, end_sequence bigint) returns void
language plpgsql as $$
declare
  name constant text := 'events_' || first_sequence;
begin
  execute format('create table %I (like events including all)', name);
  execute format(
    'alter table %I add constraint %I unique (stream_id, version), add constraint %I unique (id)',
    name, name || '_stream_id_version_key', name || '_id_key'
  );
  execute format(
    'create trigger events_are_immutable before update or delete or truncate on %I '
    'for each statement execute function refuse_change()', name
  );
  execute format(
    'alter table events attach partition %I for values from (%s) to (%s)',
    name, first_sequence, end_sequence
  );
end
$$;

do $$
begin
  for first_sequence in 1..(select sequence from log_head) + 1 by 10000000 loop
    perform add_events_partition(first_sequence, first_sequence + 10000000);
  end loop;
end
$$;

set local timezone = 'UTC';
set local datestyle = 'ISO';

create function copy_text(value text) returns text language sql immutable parallel safe as $$
  select replace(replace(replace(replace(replace(replace(replace(
    value, '\', '\\'), E'\b', '\b'), E'\f', '\f'), E'\n', '\n'), E'\r', '\r'), E'\t', '\t'),
    E'\x0b', '\v')
$$;

insert into events
select sequence, stream_id, version, id, type, schema_version, recorded_at, occurred_at, actor,
  command_id, correlation_id, causation_id, data::text::json,
  chain_hash(
    (select sha256(convert_to(ledger::text, 'UTF8')) from log_head),
    concat_ws(
      E'\t', sequence, copy_text(stream_id), version, id, copy_text(type), schema_version,
      recorded_at, occurred_at, copy_text(actor), command_id, copy_text(correlation_id),
      coalesce(copy_text(causation_id), '\N'), copy_text(data::text)
    )
  ) over (order by sequence)
from unchained_events;

create trigger events_are_immutable before update or delete or truncate on events
  for each statement execute function refuse_change();
create trigger events_erase_personal_keys after insert on events
  for each row when (new.type = 'PersonErased') execute function erase_personal_key();

drop table unchained_events;

-- One row for each batch, with or without records. Every batch is also found by its id.
alter table command_batches rename to unchained_batches;
alter table unchained_batches drop constraint command_batches_pkey;

create table command_batches (
  -- The time of the batch's first event, or the time that it would have had. Batches are in the
  -- order of their times.
  recorded_at timestamptz not null,
  -- The sequence of the batch's first event, or the sequence that it would have had.
  first_sequence bigint not null,
  event_count integer not null,
  batch_id uuid not null,
  -- The number of characters in records.
  size integer not null,
  -- A JSON text: see log/record-pack.ts.
  records text not null,
  -- SHA-256 of the hash of the batch before and this batch: see docs/log-format.md.
  hash bytea not null,
  constraint command_batches_pkey primary key (recorded_at)
);

insert into command_batches
select recorded_at, first_sequence, event_count, batch_id, size, records,
  chain_hash(
    (select sha256(convert_to(ledger::text, 'UTF8')) from log_head),
    concat_ws(
      E'\t', recorded_at, first_sequence, event_count, batch_id, size, copy_text(records),
      encode(events_hash, 'hex'), ''
    )
  ) over (order by recorded_at)
from (
  select batch.*, coalesce(
    (select hash from events where sequence = first_sequence + event_count - 1),
    (select sha256(convert_to(ledger::text, 'UTF8')) from log_head)
  ) as events_hash
  from (
    select recorded_at, first_sequence, event_count, batch_id, size, records from unchained_batches
    union all
    select recorded_at, first_sequence, event_count, id, length(empty.records), empty.records
    from append_batches, (values ('{"texts":[],"records":[]}')) as empty (records)
    where event_count > 0
      and not exists (select from unchained_batches where batch_id = append_batches.id)
  ) as batch
) as hashed;

alter table command_batches add constraint command_batches_batch_id_key unique (batch_id);
create trigger command_batches_are_immutable before update or delete or truncate on command_batches
  for each statement execute function refuse_change();

drop table unchained_batches;
drop table append_batches;
-- For programs of the previous release, which look for batches here.
create view append_batches as
select batch_id as id, first_sequence, event_count, recorded_at from command_batches;

-- A session that began to append with the former functions, and waited for this migration, gets an
-- error after which programs connect and append again.
create function refuse_former_append() returns trigger language plpgsql as $$
begin
  raise exception 'the database has been migrated: connect again' using errcode = '57P03';
end
$$;

create trigger append_batches_are_former instead of insert on append_batches
  for each row execute function refuse_former_append();

-- The outcomes that were recorded before belong to a batch that this migration records.
update log_head set clock = greatest(clock_timestamp(), clock + interval '1 microsecond')
where sequence > 0 or exists (select from command_outcomes);

do $$
begin
  execute format(
    'alter table command_outcomes alter column rejection type json using rejection::text::json,'
    ' add column recorded_at timestamptz not null default %L',
    (select clock from log_head)
  );
end
$$;
-- The time of the batch to which the outcome belongs. The former functions do not give it.
alter table command_outcomes alter column recorded_at set default 'infinity';

update log_head set chained_after = sequence,
  hash = coalesce(
    (select hash from events where events.sequence = log_head.sequence),
    sha256(convert_to(ledger::text, 'UTF8'))
  );

insert into command_batches
select recorded_at, sequence + 1, 0, batch_id, length(records), records,
  sha256(before || convert_to(concat_ws(
    E'\t', recorded_at, sequence + 1, 0, batch_id, length(records), records,
    encode(events_hash, 'hex'), coalesce(encode(outcomes_hash, 'hex'), '')
  ), 'UTF8'))
from (
  select clock as recorded_at, sequence, gen_random_uuid() as batch_id,
    '{"texts":[],"records":[]}' as records, hash as events_hash,
    coalesce(
      (select hash from command_batches order by recorded_at desc limit 1),
      sha256(convert_to(ledger::text, 'UTF8'))
    ) as before,
    (
      select hash from (
        select sequence, command_id, chain_hash('', concat_ws(
          E'\t', copy_text(actor), copy_text(idempotency_key), copy_text(fingerprint), command_id,
          sequence, event_count, coalesce(copy_text(rejection::text), '\N')
        )) over (order by sequence, command_id) as hash
        from command_outcomes
      ) as chained order by sequence desc, command_id desc limit 1
    ) as outcomes_hash
  from log_head
) as batch
where sequence > 0 or outcomes_hash is not null;

update log_head set commands_hash = coalesce(
  (select hash from command_batches order by recorded_at desc limit 1),
  sha256(convert_to(ledger::text, 'UTF8'))
);
alter table log_head alter column hash set not null, alter column commands_hash set not null;

-- Release 0.1.0 calls this function.
create or replace function append_events(
  batch_id uuid,
  expected jsonb,
  pending_events jsonb,
  pending_outcomes jsonb,
  out first_sequence bigint,
  out first_at timestamptz
) language plpgsql as $$
begin
  select appended.first_sequence, appended.first_at into strict first_sequence, first_at
  from append_commands(
    null, batch_id, expected, null, pending_events, pending_outcomes, null, null
  ) as appended;
end
$$;

-- Prepared statements of running programs would return the former types, which PostgreSQL refuses.
-- So their sessions end, and they connect again.
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and application_name = 'daybook' and pid <> pg_backend_pid()
  and exists (select from events);
