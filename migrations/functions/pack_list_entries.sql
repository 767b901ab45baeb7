-- Moves entries of the lists of a view from rows into the packs of their blocks: see
-- pack_block_entries. A block is settled if it was replaced, or if it is one of several of its
-- partition and has not changed after the sequence settled_at. A partition with one block often
-- has few entries, which would be packed one by one.
--
-- Examines the blocks of the partitions from (from_partition, from_block) on, until it has
-- examined examined_max blocks and rows. Returns where the next call continues; next_partition is
-- null after the last block. `kept` and `moved` are the numbers of examined blocks and rows that
-- stay, and of rows that have moved.
--
-- Locks out other packing of the view until the transaction ends, and locks the rows that it
-- moves. Throws FOREIGN_KEY_VIOLATION (23503) if the view does not exist.
-- revision 1
create or replace function pack_list_entries(
  of_view integer,
  horizon bigint,
  settled_at bigint,
  from_partition bigint,
  from_block bigint,
  examined_max integer,
  out next_partition bigint,
  out next_block bigint,
  out kept integer,
  out moved integer
) language plpgsql
set plan_cache_mode = force_generic_plan
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
as $$
declare
  block_settled_at bigint;
  packed record;
begin
  perform pg_advisory_xact_lock(hashtext('view_entry_packs'), of_view);
  kept := 0;
  moved := 0;
  for next_partition in
    select id from view_partitions where view_id = of_view and id >= from_partition order by id
  loop
    for next_block, block_settled_at in
      select block, case
        when own.epoch is null then -1
        when bool_or(is_listed) then settled_at
        else never_ends()
      end
      from view_partitions as own
      cross join lateral (
        select own.id as block, false as is_listed where own.id >= from_block
        union all
        select block, epoch = own.epoch and to_sequence = never_ends() from view_blocks
        where partition_id = own.id and block >= from_block
      ) as known
      where own.id = next_partition group by block, own.epoch order by block
    loop
      if kept + moved >= examined_max then
        return;
      end if;
      packed := pack_block_entries(of_view, next_block, horizon, block_settled_at);
      kept := kept + packed.kept + 1;
      moved := moved + packed.moved;
    end loop;
    from_block := 0;
  end loop;
  next_partition := null;
  next_block := null;
end
$$;
