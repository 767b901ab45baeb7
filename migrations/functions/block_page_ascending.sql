-- Returns the first entries of a block, in ascending order, that are valid at a sequence and
-- strictly between two positions: at most rows_max, from the block's rows and its pack.
--
-- Locks nothing. Throws no error.
-- revision 2
create or replace function block_page_ascending(
  of_block bigint,
  at bigint,
  after_position text,
  after_key text,
  before_position text,
  before_key text,
  rows_max integer
) returns table ("position" text, key text) language sql stable as $$
  select position, key from (
    (
      select position, key from view_entries
      where block = of_block and from_sequence <= at and to_sequence > at
        and (position, key) > (after_position, after_key)
        and (position, key) < (before_position, before_key)
      order by position, key limit rows_max
    )
    union all
    (
      select entry.position, entry.key
      from view_entry_packs as pack
      cross join lateral unnest(
        pack.positions, coalesce(pack.keys, pack.ids::text[]), pack.from_sequences,
        pack.to_sequences
      ) as entry ("position", key, from_sequence, to_sequence)
      where pack.block = of_block and from_sequence <= at and to_sequence > at
        and (entry.position, entry.key) > (after_position, after_key)
        and (entry.position, entry.key) < (before_position, before_key)
    )
  ) as entry
  order by position, key limit rows_max
$$;
