-- Splits a partition at a position that lies after everything in its last block. From there on, and
-- from a sequence on, a new block covers the positions. No entry is copied.
--
-- Locks the partition's row. Throws no error; the caller holds the lease of the view.
-- revision 1
create or replace function split_off_block(
  of_partition bigint,
  at_position text,
  at_key text,
  at bigint,
  new_block bigint
) returns void language sql as $$
  with before as (
    select epoch from view_partitions where id = of_partition
  ), cut as (
    update view_partitions set epoch = coalesce(epoch, at),
      open_blocks = open_blocks + 1 + (epoch is null)::integer
    where id = of_partition
  )
  insert into view_blocks (partition_id, epoch, low_position, low_key, from_sequence, block)
  -- The block of a partition that was never split existed before the directory.
  select of_partition, at, '', '', 0, of_partition from before where epoch is null
  union all
  select of_partition, coalesce(epoch, at), at_position, at_key, at, new_block from before
$$;
