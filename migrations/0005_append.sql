-- Fewer indexes for each event: in a stream the order of versions is that of sequences, and in the
-- log the order of times is. A place in the one is found by halving the other, when it is asked for.

drop index events_stream_id_sequence_idx;
alter table events drop constraint events_recorded_at_key;

-- The version of a stream right after a sequence; 0 before its first event.
create function version_at(of_stream text, at bigint) returns integer language plpgsql stable as $$
declare
  low integer := 0;
  middle integer;
  high integer;
  found_sequence bigint;
begin
  select version, sequence into high, found_sequence from events
  where stream_id = of_stream order by version desc limit 1;
  -- The ends are what is asked for most.
  if high is null or at <= 0 then
    return 0;
  elsif found_sequence <= at then
    return high;
  end if;
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

-- As before, the last sequence recorded at or before a moment; null: the moment is in the future.
create or replace function sequence_at(moment timestamptz) returns bigint language plpgsql as $$
declare
  head log_head%rowtype;
  observed timestamptz;
  low bigint := 0;
  middle bigint;
  high bigint;
  found_at timestamptz;
begin
  select * into strict head from log_head;
  if moment > head.clock then
    select * into strict head from log_head for update;
    if moment > head.clock then
      observed := clock_timestamp();
      if moment > observed then
        return null;
      end if;
      update log_head set clock = observed;
      return head.sequence;
    end if;
  end if;
  high := head.sequence + 1;
  while high - low > 1 loop
    middle := (low + high) / 2;
    select recorded_at into strict found_at from events where sequence = middle;
    if found_at <= moment then
      low := middle;
    else
      high := middle;
    end if;
  end loop;
  return low;
end
$$;
