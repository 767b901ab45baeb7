-- Which process leads something: moves a view, runs a process manager.

create table leases (
  name text collate "C" not null,
  holder uuid not null,
  -- One more each time that another holder takes it.
  epoch bigint not null,
  -- By the clock of the database. In the past: anyone may take it.
  expires_at timestamptz not null,
  -- The session that renewed it last. Once that is gone, as after a crash, anyone may take it.
  session_pid integer not null,
  session_started timestamptz not null,
  constraint leases_pkey primary key (name),
  constraint leases_epoch_check check (epoch > 0)
) with (fillfactor = 50);
