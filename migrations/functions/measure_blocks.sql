-- Returns how full blocks are, and their first and last positions, in the order given.
--
-- Locks nothing. Throws no error.
-- revision 1
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
    from view_entries where block = number
  ) as stored
  left join lateral (
    select position, key from view_entries where block = number order by position, key limit 1
  ) as lowest on true
  left join lateral (
    select position, key from view_entries where block = number
    order by position desc, key desc limit 1
  ) as highest on true
  order by ordinal
$$;
