-- Returns the last sequence, up to last_sequence, that was recorded at or before a moment; 0 if
-- there is none.
--
-- The order of sequences is the order of times, so the function halves the range of sequences. No
-- index by time is needed.
--
-- Locks nothing. Throws NO_DATA_FOUND (P0002) if the log lacks a sequence.
-- revision 1
create or replace function sequence_within(moment timestamptz, last_sequence bigint)
returns bigint language plpgsql stable as $$
declare
  low bigint := 0;
  middle bigint;
  high bigint := last_sequence + 1;
  found_at timestamptz;
begin
  -- Most callers ask for the end.
  middle := last_sequence;
  while high - low > 1 loop
    select recorded_at into strict found_at from events where sequence = middle;
    if found_at <= moment then
      low := middle;
    else
      high := middle;
    end if;
    middle := (low + high) / 2;
  end loop;
  return low;
end
$$;
