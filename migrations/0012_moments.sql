-- The last sequence recorded at or before each of some moments, and the clock of the head. Null: the
-- moment is in the future. As sequence_at, which processes of the version before call, for many at
-- once and with less of the head's lock.
--
-- No event is recorded at or before the head's clock any more, so a moment up to there needs no lock.
-- For a later one the clock is moved to now, under the lock. While somebody else has the lock, this
-- looks again instead of standing in line: what an append commits moves the clock, in most cases past
-- the moment, and whoever stands in line holds up the next append.
create function sequence_at_each(
  moments timestamptz[],
  out sequences bigint[],
  out clock timestamptz
) language plpgsql as $$
declare
  head log_head%rowtype;
  asked_at constant timestamptz := clock_timestamp();
  latest constant timestamptz := (
    select max(moment) from unnest(moments) as asked (moment) where moment <= asked_at
  );
  looks_max constant integer := 100;
  is_locked boolean := false;
begin
  select * into strict head from log_head;
  for look in 1..looks_max loop
    exit when is_locked or latest is null or latest <= head.clock;
    select * into head from log_head for update skip locked;
    is_locked := found;
    if not is_locked then
      perform pg_sleep(0.001);
      select * into strict head from log_head;
    end if;
  end loop;
  if latest > head.clock then
    if not is_locked then
      select * into strict head from log_head for update;
    end if;
    if latest > head.clock then
      head.clock := greatest(clock_timestamp(), latest);
      update log_head set clock = head.clock;
    end if;
  end if;
  clock := head.clock;
  sequences := array(
    select case
      when moment <= head.clock then sequence_within(moment, head.sequence)
    end
    from unnest(moments) with ordinality as asked (moment, place) order by place
  );
end
$$;

-- The last sequence up to a given one that was recorded at or before a moment.
create function sequence_within(moment timestamptz, last_sequence bigint)
returns bigint language plpgsql stable as $$
declare
  low bigint := 0;
  middle bigint;
  high bigint := last_sequence + 1;
  found_at timestamptz;
begin
  -- The end is what is asked for most.
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
