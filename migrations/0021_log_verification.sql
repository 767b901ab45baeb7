-- What the servers have verified of the log in the background: one row.

create table log_verification (
  id boolean not null default true,
  -- Up to where the log is verified, as proof/chain.ts has it. Null: nothing is.
  position json,
  -- When the verification from the first event on began.
  begun_at timestamptz not null default clock_timestamp(),
  -- The first fault, in one line; null if there is none.
  fault text,
  checked_at timestamptz not null default clock_timestamp(),
  -- No server continues before this time.
  next_at timestamptz not null default clock_timestamp(),
  constraint log_verification_pkey primary key (id),
  constraint log_verification_id_check check (id)
);
insert into log_verification default values;

-- Reads the outcomes and terms of a range of batches. Both tables only grow, in order of time.
create index command_outcomes_recorded_at_idx on command_outcomes
  using brin (recorded_at) with (autosummarize = on);
create index command_terms_recorded_at_idx on command_terms
  using brin (recorded_at) with (autosummarize = on);
