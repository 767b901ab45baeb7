-- What became of every command: one row for each batch, with the records of all its commands.

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
  constraint command_batches_pkey primary key (recorded_at)
);

create trigger command_batches_are_immutable before update or delete or truncate on command_batches
  for each statement execute function refuse_change();

-- By which terms a batch is found: see log/record-terms.ts.
create table command_terms (
  term integer not null,
  recorded_at timestamptz not null,
  constraint command_terms_pkey primary key (term, recorded_at)
);

create trigger command_terms_are_immutable before update or delete or truncate on command_terms
  for each statement execute function refuse_change();
