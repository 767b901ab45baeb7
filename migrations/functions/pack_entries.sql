-- Moves entries of the lists of a view from rows into the packs of their blocks: see pack_block.
--
-- Examines the blocks of the partitions from (from_partition, from_block) on, until it has
-- examined examined_max blocks and rows. Returns where the next call continues; next_partition is
-- null after the last block. `kept` and `moved` are the numbers of examined blocks and rows that
-- stay, and of rows that have moved.
--
-- Locks out other packing of the view until the transaction ends, and locks the rows that it
-- moves. Throws FOREIGN_KEY_VIOLATION (23503) if the view does not exist.
-- revision 1
create or replace function pack_entries(
  of_view integer,
  horizon bigint,
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
  packed record;
begin
  perform pg_advisory_xact_lock(hashtext('view_entry_packs'), of_view);
  kept := 0;
  moved := 0;
  for next_partition in
    select id from view_partitions where view_id = of_view and id >= from_partition order by id
  loop
    for next_block in
      select next_partition as block where next_partition >= from_block
      union
      select block from view_blocks where partition_id = next_partition and block >= from_block
      order by block
    loop
      if kept + moved >= examined_max then
        return;
      end if;
      packed := pack_block(of_view, next_block, horizon);
      kept := kept + packed.kept + 1;
      moved := moved + packed.moved;
    end loop;
    from_block := 0;
  end loop;
  next_partition := null;
  next_block := null;
end
$$;
