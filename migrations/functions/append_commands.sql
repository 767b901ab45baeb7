-- Appends a batch with append_events, and records its commands in the same transaction. Returns and
-- throws what append_events does.
--
-- command_records is a JSON text (see log/record-pack.ts) with the records of all commands of the
-- batch, and command_terms are the terms by which they are found. Without records, both are null.
-- revision 1
create or replace function append_commands(
  of_epoch bigint,
  batch_id uuid,
  expected jsonb,
  valid_until timestamptz,
  pending_events jsonb,
  pending_outcomes jsonb,
  command_records text,
  terms integer[],
  out first_sequence bigint,
  out first_at timestamptz,
  out previous_id uuid
) language plpgsql set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  appended record;
begin
  appended := append_events(
    of_epoch, batch_id, expected, valid_until, pending_events, pending_outcomes
  );
  first_sequence := appended.first_sequence;
  first_at := appended.first_at;
  previous_id := appended.previous_id;
  if command_records is not null then
    insert into command_batches (
      recorded_at, first_sequence, event_count, batch_id, size, records
    )
    values (
      first_at, first_sequence, jsonb_array_length(pending_events), batch_id,
      length(command_records), command_records
    );
    insert into command_terms (term, recorded_at)
    select term, first_at from unnest(terms) as wanted (term);
  end if;
end
$$;
