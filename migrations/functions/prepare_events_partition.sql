-- Adds the part of the events table that follows the one of a sequence, if the sequence is in the
-- second half of its part and the next one does not exist. Parts are for ten million sequences.
--
-- Locks nothing that a reader or an append needs. Waits at most 100 ms for a lock, such as that of
-- a manual VACUUM of the whole table, and then does nothing: the caller tries again later.
-- revision 1
create or replace function prepare_events_partition(at bigint) returns void
language plpgsql set lock_timeout = '100ms' as $$
declare
  next_sequence constant bigint := (at + 5000000) / 10000000 * 10000000 + 1;
begin
  if to_regclass('events_' || next_sequence) is null then
    perform add_events_partition(next_sequence, next_sequence + 10000000);
  end if;
exception
  when lock_not_available then
    raise warning 'the next part of the events table could not be added';
end
$$;
