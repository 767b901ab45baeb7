-- Returns, for each of some moments, the last sequence recorded at or before it, and the clock of
-- the log. The sequence is null if the moment is in the future; the clock is null if it was never
-- moved. A later append never changes an answer.
--
-- No event will be recorded at or before the clock of log_head, so a moment up to it needs no lock.
-- For a later moment the function moves the clock to now, under the lock of log_head. While another
-- transaction has the lock, the function tries again every millisecond instead of queuing for it:
-- the append that has the lock also moves the clock, usually past the moment, and a queue for the
-- lock would delay the next append. After looks_max attempts it does queue.
--
-- Locks the row of log_head until the transaction ends, but only if it moves the clock. Throws
-- NO_DATA_FOUND (P0002) if the log lacks a sequence.
-- revision 1
create or replace function sequence_at_each(
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
  -- It is infinite until an event is recorded or a moment is resolved.
  clock := case when isfinite(head.clock) then head.clock end;
  sequences := array(
    select case
      when moment <= head.clock then sequence_within(moment, head.sequence)
    end
    from unnest(moments) with ordinality as asked (moment, place) order by place
  );
end
$$;
