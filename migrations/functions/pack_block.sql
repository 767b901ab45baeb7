-- Moves entries of a block from rows into its pack: those that have ended and, if no entry of the
-- block has ended, those that were opened up to the sequence `horizon`. Does so only if enough is
-- added to the pack. Returns how many rows of the block stay and how many have moved.
--
-- Locks the pack and the rows, and leaves those that another transaction has locked. The caller
-- keeps others from packing the block.
-- revision 1
create or replace function pack_block(
  of_view integer,
  of_block bigint,
  horizon bigint,
  out kept integer,
  out moved integer
) language plpgsql as $$
declare
  -- A pack is renewed when it grows by a quarter.
  growth_min constant integer := 4;
  ended_count integer;
  movable_count integer;
  packed_count integer;
  with_open boolean;
begin
  select count(*), count(*) filter (where to_sequence < never_ends()),
    count(*) filter (where from_sequence <= horizon)
  into kept, ended_count, movable_count from view_entries where block = of_block;
  moved := 0;
  if kept = 0 then
    return;
  end if;
  -- Whatever is being changed at the same time is left for the next time: waiting could deadlock.
  select cardinality(keys), ended_count = 0 and never_ends() = all (to_sequences)
  into packed_count, with_open
  from view_entry_packs where block = of_block for update skip locked;
  if not found then
    if exists (select from view_entry_packs where block = of_block) then
      return;
    end if;
    packed_count := 0;
    with_open := ended_count = 0;
  end if;
  if not with_open then
    movable_count := ended_count;
  end if;
  if movable_count < greatest(packed_count / growth_min, 4) then
    return;
  end if;

  with removed as (
    delete from view_entries where ctid = any (array(
      select ctid from view_entries
      where block = of_block
        and (to_sequence < never_ends() or with_open and from_sequence <= horizon)
      for update skip locked
    )) returning position, key, from_sequence, to_sequence
  ), entries as (
    select * from removed
    union all
    select entry.* from view_entry_packs as pack
    cross join lateral unnest(pack.positions, pack.keys, pack.from_sequences, pack.to_sequences)
      as entry ("position", key, from_sequence, to_sequence)
    where pack.block = of_block
  ), packed as (
    insert into view_entry_packs (
      view_id, block, positions, keys, from_sequences, to_sequences
    )
    select of_view, of_block, array_agg(position), array_agg(key),
      array_agg(from_sequence), array_agg(to_sequence)
    from (select * from entries order by position, key, from_sequence) as ordered
    having count(*) > 0
    on conflict on constraint view_entry_packs_pkey do update
    set positions = excluded.positions, keys = excluded.keys,
      from_sequences = excluded.from_sequences, to_sequences = excluded.to_sequences
  )
  select count(*) into moved from removed;
  kept := kept - moved;
end
$$;
