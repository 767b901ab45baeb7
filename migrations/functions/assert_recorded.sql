-- Checks that the log is still the one that the caller has read, and returns the sequences as
-- given. A statement that uses the result cannot run without the check. Checks nothing if of_epoch
-- is null, and skips each sequence whose id is null.
--
-- Locks nothing. Throws DB006, with the current epoch in DETAIL, if the log has another epoch or an
-- event is not at its sequence.
-- revision 1
create or replace function assert_recorded(of_epoch bigint, sequences bigint[], ids uuid[])
returns bigint[] language plpgsql stable as $$
declare
  current_epoch bigint;
begin
  if of_epoch is null then
    return sequences;
  end if;
  select epoch into strict current_epoch from log_head;
  if current_epoch <> of_epoch or exists (
    select from unnest(sequences, ids) as known (sequence, id)
    where known.id is not null and known.id is distinct from (
      select events.id from events where events.sequence = known.sequence
    )
  ) then
    raise exception 'the log is not the one that was read'
      using errcode = 'DB006', detail = current_epoch::text;
  end if;
  return sequences;
end
$$;
