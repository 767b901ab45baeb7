-- Returns the entries of a block: its rows and those of its pack. Order them explicitly by collate
-- "C", because the columns of a function have the collation of the database.
--
-- Locks nothing. Throws no error.
-- revision 2
create or replace function block_entries(of_block bigint) returns table (
  "position" text, key text, from_sequence bigint, to_sequence bigint
) language sql stable as $$
  select position, key, from_sequence, to_sequence from view_entries where block = of_block
  union all
  select entry.position, entry.key, entry.from_sequence, entry.to_sequence
  from view_entry_packs as pack
  cross join lateral unnest(
    pack.positions, coalesce(pack.keys, pack.ids::text[]), pack.from_sequences, pack.to_sequences
  ) as entry ("position", key, from_sequence, to_sequence)
  where pack.block = of_block
$$;
