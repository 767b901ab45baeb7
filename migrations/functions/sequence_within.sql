-- Returns the last sequence, up to last_sequence, that was recorded at or before a moment; 0 if
-- there is none.
--
-- It is in the last batch that began at or before the moment, in which each event is one
-- microsecond after the previous one. So this reads one entry of an index, and no event: it may be
-- archived.
--
-- Locks nothing. Throws no error.
-- revision 2
create or replace function sequence_within(moment timestamptz, last_sequence bigint)
returns bigint language sql stable as $$
  select least(last_sequence, coalesce((
    select first_sequence + least(
      event_count - 1, (extract(
        epoch from least(moment, recorded_at + event_count * interval '1 microsecond') - recorded_at
      ) * 1000000)::bigint
    )
    from command_batches where recorded_at <= moment order by recorded_at desc limit 1
  ), 0))
$$;
