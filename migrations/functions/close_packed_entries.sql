-- Ends entries that are in packs: sets their to_sequence. Ignores entries that are not open in a
-- pack, and returns how many it has ended.
--
-- Locks the packs that it changes. Throws no error.
-- revision 2
create or replace function close_packed_entries(
  closed_blocks bigint[],
  closed_positions text[],
  closed_keys text[],
  closed_to bigint[]
) returns integer language plpgsql
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
as $$
declare
  ended integer;
begin
  -- A pack may be renewed at the same time: the next statement sees its final form.
  perform from view_entry_packs where block = any (closed_blocks) order by block for update;
  with closed as materialized (
    select * from unnest(closed_blocks, closed_positions, closed_keys, closed_to)
      as closed (block, "position", key, to_sequence)
  ), renewed as materialized (
    select pack.block, array_agg(coalesce(closed.to_sequence, entry.to_sequence) order by ordinal)
      as to_sequences, count(closed.block) as ended
    from view_entry_packs as pack
    cross join lateral unnest(
      pack.positions, coalesce(pack.keys, pack.ids::text[]), pack.to_sequences
    ) with ordinality as entry ("position", key, to_sequence, ordinal)
    left join closed
      on entry.to_sequence = never_ends() and closed.block = pack.block
        and closed.position = entry.position and closed.key = entry.key
    where pack.block = any (closed_blocks)
    group by pack.block having count(closed.block) > 0
  ), updated as (
    update view_entry_packs as pack set to_sequences = renewed.to_sequences
    from renewed where pack.block = renewed.block
  )
  select coalesce(sum(renewed.ended), 0) into ended from renewed;
  return ended;
end
$$;
