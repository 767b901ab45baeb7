-- Returns the blocks that cover given positions now, one row for each block, and how full they are.
-- A partition that does not exist has no row.
--
-- Locks nothing. Throws no error.
-- revision 1
create or replace function find_blocks(
  of_views integer[],
  of_lists text[],
  of_partitions text[],
  of_positions text[],
  of_keys text[]
) returns table (
  view_id integer, list text, partition text, partition_id bigint,
  low_position text, low_key text, high_position text, high_key text,
  block bigint, entries integer, open integer,
  lowest_position text, lowest_key text, highest_position text, highest_key text
) language sql stable set enable_hashjoin = off set enable_mergejoin = off as $$
  with found as materialized (
    select distinct on (coalesce(listed.block, known.id)) known.*,
      coalesce(listed.low_position, '') as low_position, coalesce(listed.low_key, '') as low_key,
      coalesce(listed.block, known.id) as block
    from unnest(of_views, of_lists, of_partitions, of_positions, of_keys)
      as entry (view_id, list, partition, position, key)
    join view_partitions as known using (view_id, list, partition)
    left join lateral (
      select block, low_position, low_key from view_blocks
      where partition_id = known.id and epoch = known.epoch
        and to_sequence = never_ends()
        and (low_position, low_key) <= (entry.position, entry.key)
      order by low_position desc, low_key desc limit 1
    ) as listed on true
  )
  select found.view_id, found.list, found.partition, found.id,
    found.low_position, found.low_key, high.low_position, high.low_key, measured.*
  from found
  cross join lateral measure_blocks(array[found.block]) as measured
  left join lateral (
    select low_position, low_key from view_blocks
    where partition_id = found.id and epoch = found.epoch and to_sequence = never_ends()
      and (low_position, low_key) > (found.low_position, found.low_key)
    order by low_position, low_key limit 1
  ) as high on true
$$;
