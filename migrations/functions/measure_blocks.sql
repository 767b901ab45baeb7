-- Returns how full blocks are, and their first and last positions, in the order given.
--
-- Locks nothing. Throws no error.
-- revision 2
create or replace function measure_blocks(blocks bigint[]) returns table (
  block bigint, entries integer, open integer,
  lowest_position text, lowest_key text, highest_position text, highest_key text
) language sql stable as $$
  select number, stored.entries, stored.open,
    lowest.position, lowest.key, highest.position, highest.key
  from unnest(blocks) with ordinality as wanted (number, ordinal)
  cross join lateral (
    select count(*)::integer as entries,
      count(*) filter (where to_sequence = never_ends())::integer as open
    from block_entries(number)
  ) as stored
  left join lateral (
    select position, key from block_entries(number)
    order by position collate "C", key collate "C" limit 1
  ) as lowest on true
  left join lateral (
    select position, key from block_entries(number)
    order by position collate "C" desc, key collate "C" desc limit 1
  ) as highest on true
  order by ordinal
$$;
