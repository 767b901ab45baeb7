-- Returns the time at which the event with a sequence was recorded, also if it is archived; null if
-- there is no such event.
--
-- The order of batches is the order of sequences, so the function halves the range of times until
-- it finds the last batch that begins at or before the sequence: about fifty entries of an index.
-- No index by sequence is needed.
--
-- Locks nothing. Throws no error.
-- revision 1
create or replace function time_of_event(wanted bigint) returns timestamptz
language plpgsql stable as $$
declare
  microsecond constant interval := interval '1 microsecond';
  low timestamptz;
  high timestamptz;
  middle timestamptz;
  batch command_batches%rowtype;
begin
  select recorded_at into low from command_batches order by recorded_at limit 1;
  select recorded_at + microsecond into high from command_batches order by recorded_at desc limit 1;
  while high - low > microsecond loop
    middle := low + (high - low) / 2;
    select * into batch from command_batches
    where recorded_at <= middle order by recorded_at desc limit 1;
    if batch.first_sequence <= wanted then
      low := middle;
    else
      high := batch.recorded_at;
    end if;
  end loop;
  select * into batch from command_batches
  where recorded_at <= low order by recorded_at desc limit 1;
  return case
    when wanted between batch.first_sequence and batch.first_sequence + batch.event_count - 1
    then batch.recorded_at + (wanted - batch.first_sequence) * microsecond
  end;
end
$$;
