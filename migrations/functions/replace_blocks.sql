-- Replaces blocks in the directory of a partition from a sequence on. The blocks `gone` together
-- cover the range `span`. The blocks `made` cover it from then on, each from its first position.
--
-- Locks the partition's row and the directory rows that it changes. Throws no error; the caller
-- holds the lease of the view.
-- revision 2
create or replace function replace_blocks(
  of_partition bigint,
  span view_block_range,
  gone bigint[],
  made bigint[],
  at bigint
) returns void language plpgsql as $$
declare
  current_epoch bigint;
  closed_count integer := 0;
  -- Blocks that were made, or that took entries, at the same sequence. No reader will see them.
  never_seen bigint[];
begin
  select epoch into current_epoch from view_partitions where id = of_partition;
  if current_epoch is not null then
    with deleted as (
      delete from view_blocks
      where partition_id = of_partition and epoch = current_epoch and from_sequence = at
        and (low_position, low_key) >= (span.low_position, span.low_key)
        and block = any (gone)
      returning block
    )
    select array_agg(block) into never_seen from deleted;
    if never_seen is not null then
      delete from view_entries
      where block = any (never_seen) and block <> all (made) and from_sequence >= at;
    end if;
    update view_blocks set to_sequence = at
    where partition_id = of_partition and epoch = current_epoch and to_sequence = never_ends()
      and (low_position, low_key) >= (span.low_position, span.low_key)
      and (span.high_position is null
        or (low_position, low_key) < (span.high_position, span.high_key))
      and block = any (gone);
    get diagnostics closed_count = row_count;
  end if;

  insert into view_blocks (partition_id, epoch, low_position, low_key, from_sequence, block)
  select of_partition, coalesce(current_epoch, at),
    case ordinal when 1 then span.low_position else lowest.position end,
    case ordinal when 1 then span.low_key else lowest.key end, at, number
  from unnest(made) with ordinality as listed (number, ordinal)
  left join lateral (
    select position, key from block_entries(number)
    order by position collate "C", key collate "C" limit 1
  ) as lowest on true;

  update view_partitions set epoch = coalesce(epoch, at),
    open_blocks = open_blocks + cardinality(made)
      - cardinality(gone) * (epoch is not null)::integer,
    closed_blocks = closed_blocks + closed_count
  where id = of_partition;
end
$$;
