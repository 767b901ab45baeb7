-- Lists of views: where each document stands, at every sequence.
--
-- A document has an entry in a partition of a list: a position and its key, from one sequence until
-- another (exclusive). A page as of a sequence would have to pass all entries in its range that were
-- closed before or opened after. So a partition is cut into blocks, each for a range of places and
-- from a sequence on, after the multiversion B-tree (Becker, Gschwind, Ohler, Seeger and Widmayer,
-- 1996). A block that is full, or in which next to nothing is open any more, is replaced by others
-- that begin with copies of its open entries: a page passes few entries that are not in it, however
-- many there have been. A partition that was never cut is block 0.

create table view_entries (
  view_id integer not null,
  list text collate "C" not null,
  -- '': every document of the list.
  partition text collate "C" not null,
  block bigint not null,
  position text collate "C" not null,
  key text collate "C" not null,
  from_sequence bigint not null,
  -- Stays open in a block that is replaced while it is.
  to_sequence bigint not null default 9223372036854775807,
  constraint view_entries_pkey
    primary key (view_id, list, partition, block, position, key, from_sequence)
) with (fillfactor = 80);

-- Which block holds the places from (low_position, low_key) on, up to those of the next one, between
-- which sequences. The directory of a partition is begun anew from time to time with the rows that
-- are open, so that it does not fill up either: as of s the greatest epoch up to s tells.
create table view_blocks (
  view_id integer not null,
  list text collate "C" not null,
  partition text collate "C" not null,
  epoch bigint not null,
  low_position text collate "C" not null,
  low_key text collate "C" not null,
  from_sequence bigint not null,
  to_sequence bigint not null default 9223372036854775807,
  block bigint not null,
  constraint view_blocks_pkey
    primary key (view_id, list, partition, epoch, low_position, low_key, from_sequence)
);

create sequence view_block_numbers as bigint;

-- The block that holds a place now. Inlined where it is used.
create function current_block(
  of_view integer,
  of_list text,
  of_partition text,
  of_position text,
  of_key text
) returns table (block bigint) language sql stable as $$
  select coalesce((
    select block from view_blocks
    where view_id = of_view and list = of_list and partition = of_partition
      and epoch = (
        select epoch from view_blocks
        where view_id = of_view and list = of_list and partition = of_partition
        order by epoch desc limit 1
      )
      and (low_position, low_key) <= (of_position, of_key)
      and to_sequence = 9223372036854775807
    order by low_position desc, low_key desc limit 1
  ), 0)
$$;

-- Replaces a block from a sequence on, if it is too full or too empty: by blocks that are at most
-- half full of what is open in it, together with its neighbour's if that is little. Gives the new
-- block if it is alone, and may be too empty as well.
create function refit_block(
  of_view integer,
  of_list text,
  of_partition text,
  of_block bigint,
  at bigint,
  entries_max integer
) returns bigint language plpgsql as $$
declare
  open constant bigint := 9223372036854775807;
  current_epoch bigint;
  entry_count integer;
  open_count integer;
  own view_blocks%rowtype;
  neighbour view_blocks%rowtype;
  members bigint[] := array[of_block];
  pieces integer;
  numbers bigint[];
  -- Blocks that were made for the same sequence.
  never_seen bigint[];
begin
  select count(*), count(*) filter (where to_sequence = open) into entry_count, open_count
  from view_entries
  where view_id = of_view and list = of_list and partition = of_partition and block = of_block;
  select max(epoch) into current_epoch from view_blocks
  where view_id = of_view and list = of_list and partition = of_partition;
  if entry_count <= entries_max
    and (current_epoch is null or open_count >= entries_max / 8) then
    return null;
  end if;

  if current_epoch is null then
    current_epoch := at;
    own.low_position := '';
    own.low_key := '';
  else
    select * into own from view_blocks
    where view_id = of_view and list = of_list and partition = of_partition
      and epoch = current_epoch and block = of_block and to_sequence = open;
    if not found then
      -- Replaced just now, together with its neighbour.
      return null;
    end if;
    if open_count < entries_max / 8 then
      select * into neighbour from view_blocks
      where view_id = of_view and list = of_list and partition = of_partition
        and epoch = current_epoch and to_sequence = open
        and (low_position, low_key) > (own.low_position, own.low_key)
      order by low_position, low_key limit 1;
      if not found then
        select * into neighbour from view_blocks
        where view_id = of_view and list = of_list and partition = of_partition
          and epoch = current_epoch and to_sequence = open
          and (low_position, low_key) < (own.low_position, own.low_key)
        order by low_position desc, low_key desc limit 1;
        own.low_position := coalesce(neighbour.low_position, own.low_position);
        own.low_key := coalesce(neighbour.low_key, own.low_key);
      end if;
      if neighbour.block is not null then
        members := members || neighbour.block;
      elsif entry_count <= entries_max then
        return null;
      end if;
    end if;
  end if;

  select greatest(1, ceil(count(*) / (entries_max / 2.0))) into pieces from view_entries
  where view_id = of_view and list = of_list and partition = of_partition
    and block = any (members) and to_sequence = open;
  numbers := array(select nextval('view_block_numbers') from generate_series(1, pieces));
  insert into view_entries (view_id, list, partition, block, position, key, from_sequence)
  select of_view, of_list, of_partition, numbers[ntile(pieces) over (order by position, key)],
    position, key, from_sequence
  from view_entries
  where view_id = of_view and list = of_list and partition = of_partition
    and block = any (members) and to_sequence = open;

  with gone as (
    delete from view_blocks
    where view_id = of_view and list = of_list and partition = of_partition
      and epoch = current_epoch and block = any (members) and from_sequence = at
    returning block
  )
  select array_agg(block) into never_seen from gone;
  if never_seen is not null then
    delete from view_entries
    where view_id = of_view and list = of_list and partition = of_partition
      and block = any (never_seen);
  end if;
  update view_blocks set to_sequence = at
  where view_id = of_view and list = of_list and partition = of_partition
    and epoch = current_epoch and block = any (members);
  insert into view_blocks (
    view_id, list, partition, epoch, low_position, low_key, from_sequence, block
  )
  select of_view, of_list, of_partition, current_epoch,
    case ordinal when 1 then own.low_position else lowest.position end,
    case ordinal when 1 then own.low_key else lowest.key end, at, number
  from unnest(numbers) with ordinality as made (number, ordinal)
  left join lateral (
    select position, key from view_entries
    where view_id = of_view and list = of_list and partition = of_partition and block = number
    order by position, key limit 1
  ) as lowest on true;

  insert into view_blocks (
    view_id, list, partition, epoch, low_position, low_key, from_sequence, block
  )
  select view_id, list, partition, at, low_position, low_key, from_sequence, block
  from view_blocks
  where view_id = of_view and list = of_list and partition = of_partition
    and epoch = current_epoch and epoch < at and to_sequence = open
    and (
      select count(*) filter (where to_sequence < open)
        > greatest(entries_max / 4, count(*) filter (where to_sequence = open))
      from view_blocks
      where view_id = of_view and list = of_list and partition = of_partition
        and epoch = current_epoch
    );
  return case pieces when 1 then numbers[1] end;
end
$$;

-- Closes entries and opens others, in the blocks that hold their places now, and refits about one in
-- sixteen of the blocks after each change in it: counting at each change would cost more than it saves.
-- A block that holds far more than it should is thus rare, not impossible.
create function move_entries(
  view_ids integer[],
  to_checkpoints bigint[],
  block_entries_max integer,
  closed_views integer[],
  closed_lists text[],
  closed_partitions text[],
  closed_positions text[],
  closed_keys text[],
  closed_to bigint[],
  opened_views integer[],
  opened_lists text[],
  opened_partitions text[],
  opened_positions text[],
  opened_keys text[],
  opened_from bigint[],
  opened_to bigint[]
) returns void language plpgsql as $$
declare
  open constant bigint := 9223372036854775807;
  changed record;
  remaining bigint;
begin
  for changed in
    with closed as (
      update view_entries as entry set to_sequence = wanted.to_sequence
      from unnest(
        closed_views, closed_lists, closed_partitions, closed_positions, closed_keys, closed_to
      ) as wanted (view_id, list, partition, position, key, to_sequence)
      cross join lateral current_block(
        wanted.view_id, wanted.list, wanted.partition, wanted.position, wanted.key
      ) as holding (block)
      where entry.view_id = wanted.view_id and entry.list = wanted.list
        and entry.partition = wanted.partition and entry.block = holding.block
        and entry.position = wanted.position and entry.key = wanted.key
        and entry.to_sequence = open
      returning entry.view_id, entry.list, entry.partition, entry.block
    ), opened as (
      insert into view_entries (
        view_id, list, partition, block, position, key, from_sequence, to_sequence
      )
      select wanted.view_id, wanted.list, wanted.partition, holding.block, wanted.position,
        wanted.key, wanted.from_sequence, wanted.to_sequence
      from unnest(
        opened_views, opened_lists, opened_partitions, opened_positions, opened_keys, opened_from,
        opened_to
      ) as wanted (view_id, list, partition, position, key, from_sequence, to_sequence)
      cross join lateral current_block(
        wanted.view_id, wanted.list, wanted.partition, wanted.position, wanted.key
      ) as holding (block)
      returning view_id, list, partition, block
    )
    select view_id, list, partition, block
    from (select * from closed union all select * from opened) as entry
    group by view_id, list, partition, block
    having random() * least(16, block_entries_max / 16) < count(*)
    order by view_id, list, partition, block
  loop
    remaining := changed.block;
    while remaining is not null loop
      remaining := refit_block(
        changed.view_id, changed.list, changed.partition, remaining,
        to_checkpoints[array_position(view_ids, changed.view_id)], block_entries_max
      );
    end loop;
  end loop;
end
$$;
