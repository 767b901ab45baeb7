-- Removes entries of the lists of a view that ended up to the sequence `floor`, and blocks that no
-- reader at or after `floor` looks into.
--
-- Examines partitions_max partitions from the id from_partition on. Returns the id with which the
-- next call continues, null after the last one, and how many entries it has removed. Leaves packs
-- that another transaction has locked.
--
-- Locks out the packing of the view's entries until the transaction ends. Throws no error.
-- revision 2
create or replace function thin_entries(
  of_view integer,
  floor bigint,
  from_partition bigint,
  partitions_max integer,
  out next_partition bigint,
  out removed bigint
) language plpgsql
set plan_cache_mode = force_generic_plan
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
as $$
declare
  examined integer := 0;
  floor_epoch bigint;
  removed_count bigint;
begin
  perform pg_advisory_xact_lock(hashtext('view_entry_packs'), of_view);
  removed := 0;
  for next_partition in
    select id from view_partitions where view_id = of_view and id >= from_partition order by id
  loop
    if examined = partitions_max then
      return;
    end if;
    examined := examined + 1;
    -- The directory that a reader at `floor` uses. Without one, it reads the block `id`.
    select max(epoch) into floor_epoch from view_blocks
    where partition_id = next_partition and epoch <= floor;

    with unlisted as (
      delete from view_blocks
      where partition_id = next_partition and (epoch < floor_epoch or to_sequence <= floor)
      returning block
    ), listed as materialized (
      select block from view_blocks
      where partition_id = next_partition
        and (floor_epoch is null or epoch >= floor_epoch and to_sequence > floor)
      union
      select next_partition where floor_epoch is null
    ), unread as materialized (
      select block from unlisted
      union
      select next_partition where floor_epoch is not null
      except
      select block from listed
    ), dropped as (
      delete from view_entries where block = any (array(select block from unread))
      returning block
    ), dropped_packs as (
      delete from view_entry_packs where block = any (array(select block from unread))
      returning cardinality(positions) as entries
    ), ended as (
      delete from view_entries
      where block = any (array(select block from listed)) and to_sequence <= floor
      returning block
    ), locked as materialized (
      select * from view_entry_packs where block = any (array(select block from listed))
      for update skip locked
    ), thinned as materialized (
      select locked.block, count(*) filter (where to_sequence <= floor) as entries,
        array_agg(position) filter (where to_sequence > floor) as positions,
        array_agg(key) filter (where to_sequence > floor) as keys,
        array_agg(from_sequence) filter (where to_sequence > floor) as from_sequences,
        array_agg(to_sequence) filter (where to_sequence > floor) as to_sequences
      from locked
      cross join lateral unnest(
        positions, coalesce(keys, ids::text[]), from_sequences, to_sequences
      ) as entry ("position", key, from_sequence, to_sequence)
      group by locked.block having bool_or(to_sequence <= floor)
    ), emptied as (
      delete from view_entry_packs where block = any (array(
        select block from thinned where thinned.keys is null
      ))
    ), renewed as (
      update view_entry_packs as pack
      set positions = thinned.positions, keys = case when pack.ids is null then thinned.keys end,
        ids = case when pack.ids is not null then thinned.keys::uuid[] end,
        from_sequences = thinned.from_sequences, to_sequences = thinned.to_sequences
      from thinned where pack.block = thinned.block and thinned.keys is not null
    )
    select (select count(*) from dropped) + (select count(*) from ended)
      + (select coalesce(sum(entries), 0) from dropped_packs)
      + (select coalesce(sum(entries), 0) from thinned)
    into removed_count;
    removed := removed + removed_count;
  end loop;
  next_partition := null;
end
$$;
