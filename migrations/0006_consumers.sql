-- Consumers: how far each has worked through the log, and what it has to do at which time.

create table consumers (
  id integer generated always as identity,
  name text collate "C" not null,
  -- Of its code: one that is raised works through the log anew.
  version integer not null,
  checkpoint bigint not null default 0,
  -- Why it stands still. Null: it does not.
  error text,
  constraint consumers_pkey primary key (id),
  constraint consumers_name_key unique (name),
  constraint consumers_checkpoint_check check (checkpoint >= 0)
) with (fillfactor = 50);

-- A timer is there from the event that sets it until its command was answered, or an event clears it.
create table consumer_timers (
  consumer_id integer not null,
  key text collate "C" not null,
  due_at timestamptz not null,
  -- The event that set it, and what that belongs to: the cause of the timer's command.
  event_id uuid not null,
  correlation_id text collate "C" not null,
  -- When its command is sent: at due_at, and after failures later.
  try_at timestamptz not null,
  failures integer not null default 0,
  -- What the last failure said.
  error text,
  constraint consumer_timers_pkey primary key (consumer_id, key),
  constraint consumer_timers_consumer_id_fkey foreign key (consumer_id)
    references consumers (id) on delete cascade,
  constraint consumer_timers_due_at_check check (isfinite(due_at)),
  constraint consumer_timers_try_at_check check (try_at >= due_at)
);

create index consumer_timers_consumer_id_try_at_idx on consumer_timers (consumer_id, try_at);

-- Moves a consumer forward together with its timers, all or nothing. Refused with DB005 when it is
-- not at the checkpoint from which the caller worked, or not at the caller's version: then somebody
-- else has moved it, and the caller's work is void. No key may come twice.
create function advance_consumer(
  of_consumer integer,
  of_version integer,
  from_checkpoint bigint,
  to_checkpoint bigint,
  cleared_keys text[],
  set_keys text[],
  set_due_ats timestamptz[],
  set_event_ids uuid[],
  set_correlation_ids text[]
) returns void language plpgsql as $$
begin
  update consumers set checkpoint = to_checkpoint, error = null
  where id = of_consumer and version = of_version and checkpoint = from_checkpoint;
  if not found then
    raise exception 'the consumer is not at the expected checkpoint' using errcode = 'DB005';
  end if;

  if cardinality(cleared_keys) > 0 then
    delete from consumer_timers where consumer_id = of_consumer and key = any (cleared_keys);
  end if;

  if cardinality(set_keys) > 0 then
    insert into consumer_timers (consumer_id, key, due_at, event_id, correlation_id, try_at)
    select of_consumer, timer.key, timer.due_at, timer.event_id, timer.correlation_id, timer.due_at
    from unnest(set_keys, set_due_ats, set_event_ids, set_correlation_ids)
      as timer (key, due_at, event_id, correlation_id)
    on conflict on constraint consumer_timers_pkey do update
    set due_at = excluded.due_at, event_id = excluded.event_id,
      correlation_id = excluded.correlation_id, try_at = excluded.try_at, failures = 0, error = null;
  end if;
end
$$;
