-- Starts a new epoch of a partition's directory with its open rows, if it has more closed rows than
-- open ones. Directories therefore stay short. Does nothing otherwise.
--
-- Locks the partition's row. Throws no error; the caller holds the lease of the view.
-- revision 1
create or replace function renew_directory(of_partition bigint, at bigint, entries_max integer)
returns void language sql as $$
  with renewed as (
    update view_partitions as partition set epoch = at, closed_blocks = 0
    from view_partitions as before
    where partition.id = of_partition and before.id = of_partition and before.epoch < at
      and before.closed_blocks > greatest(entries_max / 4, before.open_blocks)
    returning before.epoch
  )
  insert into view_blocks (partition_id, epoch, low_position, low_key, from_sequence, block)
  select of_partition, at, low_position, low_key, from_sequence, block
  from view_blocks
  where partition_id = of_partition and epoch = (select epoch from renewed)
    and to_sequence = never_ends()
$$;
