-- Appends a batch without records. Programs of the release before the records call it; it returns
-- and throws what append_commands does.
-- revision 3
create or replace function append_events(
  of_epoch bigint,
  batch_id uuid,
  expected jsonb,
  valid_until timestamptz,
  pending_events jsonb,
  pending_outcomes jsonb,
  out first_sequence bigint,
  out first_at timestamptz,
  out previous_id uuid
) language plpgsql as $$
begin
  select appended.first_sequence, appended.first_at, appended.previous_id
  into strict first_sequence, first_at, previous_id
  from append_commands(
    of_epoch, batch_id, expected, valid_until, pending_events, pending_outcomes, null, null
  ) as appended;
end
$$;
