-- Moves entries of a block from rows into its pack: those that have ended and, if no entry of the
-- block has ended, those that were opened up to the sequence `horizon`. Does so only if enough is
-- added to the pack.
--
-- A block is settled if nothing in it has changed after the sequence settled_at: then all its
-- entries that have ended, or that were opened up to `horizon`, are moved, however few. Returns how
-- many rows of the block stay and how many have moved.
--
-- Locks the pack and the rows, and leaves those that another transaction has locked. The caller
-- keeps others from packing the block.
-- revision 1
create or replace function pack_block_entries(
  of_view integer,
  of_block bigint,
  horizon bigint,
  settled_at bigint,
  out kept integer,
  out moved integer
) language plpgsql as $$
declare
  -- A pack is renewed when it grows by a quarter.
  growth_min constant integer := 4;
  ended_count integer;
  opened_count integer;
  movable_count integer;
  packed_count integer;
  wanted_count integer;
  with_open boolean;
  is_settled boolean;
begin
  select count(*), count(*) filter (where to_sequence < never_ends()),
    count(*) filter (where to_sequence = never_ends() and from_sequence <= horizon),
    max(case to_sequence when never_ends() then from_sequence else to_sequence end) <= settled_at
  into kept, ended_count, opened_count, is_settled from view_entries where block = of_block;
  moved := 0;
  if kept = 0 then
    return;
  end if;
  -- Whatever is being changed at the same time is left for the next time: waiting could deadlock.
  select cardinality(positions), ended_count = 0 and never_ends() = all (to_sequences)
  into packed_count, with_open
  from view_entry_packs where block = of_block for update skip locked;
  if not found then
    if exists (select from view_entry_packs where block = of_block) then
      return;
    end if;
    packed_count := 0;
    with_open := ended_count = 0;
  end if;
  with_open := with_open or is_settled;
  movable_count := ended_count + opened_count * with_open::integer;
  wanted_count := greatest(packed_count / growth_min, 4);
  if is_settled then
    wanted_count := 1;
  end if;
  if movable_count < wanted_count then
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
    cross join lateral unnest(
      pack.positions, coalesce(pack.keys, pack.ids::text[]), pack.from_sequences, pack.to_sequences
    ) as entry ("position", key, from_sequence, to_sequence)
    where pack.block = of_block
  ), ordered as (
    select array_agg(position) as positions, array_agg(key) as keys,
      array_agg(from_sequence) as from_sequences, array_agg(to_sequence) as to_sequences,
      bool_and(
        key ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
      ) as are_ids
    from (select * from entries order by position, key, from_sequence) as entry
    having count(*) > 0
  ), packed as (
    insert into view_entry_packs (
      view_id, block, positions, keys, ids, from_sequences, to_sequences
    )
    select of_view, of_block, positions, case when not are_ids then keys end,
      case when are_ids then keys::uuid[] end, from_sequences, to_sequences
    from ordered
    on conflict on constraint view_entry_packs_pkey do update
    set positions = excluded.positions, keys = excluded.keys, ids = excluded.ids,
      from_sequences = excluded.from_sequences, to_sequences = excluded.to_sequences
  )
  select count(*) into moved from removed;
  kept := kept - moved;
end
$$;
