-- Bridges: how far each copy of the log to another system is.

-- The identity of the log, which a backup keeps and every exported message carries.
alter table log_head add column ledger uuid not null default gen_random_uuid();

create table bridges (
  id integer generated always as identity,
  name text collate "C" not null,
  kind text not null,
  direction text not null,
  -- Every event up to here that passes the filter is in the target. For a bridge that brings
  -- commands in: the sequence after the last command that was answered.
  checkpoint bigint not null,
  -- The checkpoint with which the bridge began: it never sends an event up to here.
  begins_after bigint not null,
  -- The last sequence on each lane of the target (a partition, a stream, an endpoint) at the
  -- checkpoint, as an object of texts.
  lanes jsonb not null default '{}',
  -- The last sequence that was delivered. 0: none yet.
  delivered bigint not null default 0,
  -- For a bridge that brings commands in: how many messages wait at the source.
  waiting bigint not null default 0,
  paused boolean not null default false,
  -- Whether the process that leads the bridge delivers, or takes messages, now.
  working boolean not null default false,
  -- Whether the bridge is stopped by an error until an operator retries it.
  parked boolean not null default false,
  -- Why the bridge does not advance. Null: it does.
  error text,
  failing_since timestamptz,
  -- Raised by each retry, so that a bridge that waits for its next attempt tries at once.
  retries integer not null default 0,
  constraint bridges_pkey primary key (id),
  constraint bridges_name_key unique (name),
  constraint bridges_direction_check check (direction in ('IN', 'OUT')),
  constraint bridges_checkpoint_check check (checkpoint >= 0)
) with (fillfactor = 50);
