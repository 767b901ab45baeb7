-- Returns the blocks that cover given positions now, one row for each block, and how full they are.
-- A partition that does not exist has no row.
--
-- Locks nothing. Throws no error.
-- revision 1
create or replace function hold_places(
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
  with held as materialized (
    select distinct on (coalesce(listed.block, known.id)) known.*,
      coalesce(listed.low_position, '') as low_position, coalesce(listed.low_key, '') as low_key,
      coalesce(listed.block, known.id) as block
    from unnest(of_views, of_lists, of_partitions, of_positions, of_keys)
      as place (view_id, list, partition, position, key)
    join view_partitions as known using (view_id, list, partition)
    left join lateral (
      select block, low_position, low_key from view_blocks
      where partition_id = known.id and epoch = known.epoch
        and to_sequence = never_ends()
        and (low_position, low_key) <= (place.position, place.key)
      order by low_position desc, low_key desc limit 1
    ) as listed on true
  )
  select held.view_id, held.list, held.partition, held.id,
    held.low_position, held.low_key, high.low_position, high.low_key, measured.*
  from held
  cross join lateral measure_blocks(array[held.block]) as measured
  left join lateral (
    select low_position, low_key from view_blocks
    where partition_id = held.id and epoch = held.epoch and to_sequence = never_ends()
      and (low_position, low_key) > (held.low_position, held.low_key)
    order by low_position, low_key limit 1
  ) as high on true
$$;
