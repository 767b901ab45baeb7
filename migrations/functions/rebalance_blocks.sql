-- From a sequence on, replaces a run of adjacent blocks of a partition with blocks that hold only
-- their open entries. The first block of the run covers the positions from
-- (run_low_position, run_low_key) on.
--
-- The open entries move into new blocks, each at most half full. If they are few, they move into a
-- neighboring block that has room for them; if it has none, its open entries move to the new
-- blocks too. Returns the range that changed and the blocks that cover it now.
--
-- Locks the partition's row and the directory rows that it changes. Throws DB004 if the partition
-- has other blocks than the caller remembers, and NO_DATA_FOUND (P0002) if it does not exist.
-- revision 2
create or replace function rebalance_blocks(
  of_partition bigint,
  run_low_position text,
  run_low_key text,
  run bigint[],
  at bigint,
  entries_max integer,
  out span view_block_range,
  out made bigint[]
) language plpgsql as $$
declare
  current_epoch bigint;
  emptied bigint[] := run;
  gone bigint[] := run;
  found_run bigint[];
  open_count integer;
  neighbour bigint;
  neighbour_position text;
  neighbour_key text;
  neighbour_entries integer;
  neighbour_open integer;
  is_next boolean;
begin
  select epoch into strict current_epoch from view_partitions where id = of_partition;
  select count(*) into open_count
  from unnest(emptied) as block cross join lateral block_entries(block)
  where to_sequence = never_ends();
  span.low_position := run_low_position;
  span.low_key := run_low_key;

  if current_epoch is not null then
    select array_agg(block order by ordinal) filter (where ordinal <= cardinality(run)),
      max(low_position) filter (where ordinal > cardinality(run)),
      max(low_key) filter (where ordinal > cardinality(run))
    into found_run, span.high_position, span.high_key from (
      select block, low_position, low_key,
        row_number() over (order by low_position, low_key) as ordinal
      from view_blocks
      where partition_id = of_partition and epoch = current_epoch and to_sequence = never_ends()
        and (low_position, low_key) >= (run_low_position, run_low_key)
      order by low_position, low_key limit cardinality(run) + 1
    ) as listed;
    if found_run is distinct from run then
      raise exception 'a partition has other blocks than is remembered' using errcode = 'DB004';
    end if;
  end if;

  if current_epoch is not null and open_count < entries_max / 8 then
    -- Chooses the neighbour with fewer entries.
    select listed.block, low_position, low_key, follows, stored.entry_count, stored.open_count
    into neighbour, neighbour_position, neighbour_key, is_next, neighbour_entries, neighbour_open
    from (
      (
        select block, low_position, low_key, true as follows from view_blocks
        where partition_id = of_partition and epoch = current_epoch and to_sequence = never_ends()
          and (low_position, low_key) >= (span.high_position, span.high_key)
        order by low_position, low_key limit 1
      )
      union all
      (
        select block, low_position, low_key, false from view_blocks
        where partition_id = of_partition and epoch = current_epoch and to_sequence = never_ends()
          and (low_position, low_key) < (run_low_position, run_low_key)
        order by low_position desc, low_key desc limit 1
      )
    ) as listed
    cross join lateral (
      select count(*) as entry_count,
        count(*) filter (where to_sequence = never_ends()) as open_count
      from block_entries(listed.block)
    ) as stored
    order by stored.entry_count limit 1;
  end if;
  if neighbour is not null then
    if is_next then
      span.high_position := null;
      span.high_key := null;
      select low_position, low_key into span.high_position, span.high_key from view_blocks
      where partition_id = of_partition and epoch = current_epoch and to_sequence = never_ends()
        and (low_position, low_key) > (neighbour_position, neighbour_key)
      order by low_position, low_key limit 1;
    else
      span.low_position := neighbour_position;
      span.low_key := neighbour_key;
    end if;
    gone := gone || neighbour;
    if neighbour_entries + open_count <= entries_max + entries_max / 8 then
      made := array[neighbour];
    else
      emptied := gone;
      open_count := open_count + neighbour_open;
    end if;
  end if;

  made := coalesce(made, array(
    select nextval('view_block_numbers')
    from generate_series(1, greatest(1, ceil(open_count / (entries_max / 2.0))))
  ));
  -- The copies begin at `at`, not where the entries were opened: until then another block shows
  -- them.
  insert into view_entries (block, from_sequence, position, key)
  select made[ntile(cardinality(made)) over (order by position collate "C", key collate "C")],
    at, position, key
  from unnest(emptied) as block cross join lateral block_entries(block)
  where to_sequence = never_ends();
  perform replace_blocks(of_partition, span, gone, made, at);
  perform renew_directory(of_partition, at, entries_max);
end
$$;
