-- Returns the version of a stream right after a sequence; 0 before the stream's first event.
--
-- In a stream, the order of versions is the order of sequences, so the function halves the range of
-- versions until it finds the last event up to the sequence. No index by sequence is needed.
--
-- For a sequence before the first event that is not archived, returns the version before that
-- event: of what is here, nothing is older. The caller checks log_head.archived_through.
--
-- Locks nothing. Throws NO_DATA_FOUND (P0002) if the stream lacks a version.
-- revision 2
create or replace function version_at(of_stream text, at bigint) returns integer
language plpgsql stable as $$
declare
  low integer := 0;
  middle integer;
  high integer;
  found_sequence bigint;
begin
  select version, sequence into high, found_sequence from events
  where stream_id = of_stream order by version desc limit 1;
  if high is null then
    -- All its events are archived, or it has none.
    return case when at <= 0 then 0 else coalesce(
      (select version from archived_streams where stream_id = of_stream limit 1), 0
    ) end;
  end if;
  -- Most callers ask for one of the ends.
  if at <= 0 then
    return 0;
  elsif found_sequence <= at then
    return high;
  end if;
  select version - 1 into low from events
  where stream_id = of_stream order by version limit 1;
  while high - low > 1 loop
    middle := (low + high) / 2;
    select sequence into strict found_sequence from events
    where stream_id = of_stream and version = middle;
    if found_sequence <= at then
      low := middle;
    else
      high := middle;
    end if;
  end loop;
  return low;
end
$$;
