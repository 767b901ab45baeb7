-- How much of an exported log has been imported. While there is a row, log_head has none, so that no
-- program can append to a part of a log, or take it for all of it.
create table log_import (
  singleton boolean not null default true,
  ledger uuid not null,
  -- The last event that has been imported, and its hash.
  sequence bigint not null,
  hash bytea not null,
  -- The time of the last batch that has been imported, and its hash.
  recorded_at timestamptz,
  commands_hash bytea not null,
  -- What had been read of the log before the import: nothing is recorded up to here.
  clock timestamptz not null,
  -- The last event of the export.
  end_sequence bigint not null,
  begun_at timestamptz not null default clock_timestamp(),
  constraint log_import_pkey primary key (singleton),
  constraint log_import_singleton_check check (singleton)
);
