-- Returns the time of the last event of the batch that has begun at or before a moment, or the
-- moment itself if that is later or there is no such batch. Only batches with records count.
--
-- Locks nothing.
-- revision 1
create or replace function end_of_batch(moment timestamptz) returns timestamptz
language sql stable as $$
  select greatest(moment, (
    select recorded_at + (event_count - 1) * interval '1 microsecond' from command_batches
    where recorded_at <= moment order by recorded_at desc limit 1
  ))
$$;
