-- Views in less room: an entry says its block and its place, and nothing that its block says already.
--
-- Whoever moves a view remembers which blocks its partitions have and how full they are, which its lock
-- and its checkpoint make safe. So a change comes with the number of its block, and a block is replaced
-- when it is full, or nearly empty: nothing is looked up or counted for a row.
--
-- The data of views follows from the log: it is dropped here, and built anew.

drop function advance_views(
  integer[], bigint[], bigint[], integer[], text[], bigint[], jsonb[], integer, integer[], text[],
  text[], text[], text[], bigint[], integer[], text[], text[], text[], text[], bigint[], bigint[]
);
drop function move_entries(
  integer[], bigint[], integer, integer[], text[], text[], text[], text[], bigint[], integer[],
  text[], text[], text[], text[], bigint[], bigint[]
);
drop function refit_block(integer, text, text, bigint, bigint, integer);
drop function current_block(integer, text, text, text, text);
drop function read_list_ascending(
  integer, text, text, bigint, text, text, text, text, integer
);
drop function read_list_descending(
  integer, text, text, bigint, text, text, text, text, integer
);
drop table view_entries, view_blocks;
truncate views, view_documents;

-- The partitions of lists, each with a number of its own from view_block_numbers.
create table view_partitions (
  id bigint not null,
  view_id integer not null,
  list text collate "C" not null,
  -- '': every document of the list.
  partition text collate "C" not null,
  -- Of its directory in view_blocks as it is now; null: it was never cut, and is the block `id`.
  epoch bigint,
  -- Rows of the directory.
  open_blocks integer not null default 0,
  closed_blocks integer not null default 0,
  constraint view_partitions_pkey primary key (id),
  constraint view_partitions_name_key unique (view_id, list, partition)
) with (fillfactor = 80);

-- Which block holds the places from (low_position, low_key) on, up to those of the next one, between
-- which sequences. The directory of a partition is begun anew from time to time with the rows that
-- are open, so that it does not fill up either: as of s the greatest epoch up to s tells.
create table view_blocks (
  partition_id bigint not null,
  epoch bigint not null,
  low_position text collate "C" not null,
  low_key text collate "C" not null,
  from_sequence bigint not null,
  to_sequence bigint not null default 9223372036854775807,
  block bigint not null,
  constraint view_blocks_pkey
    primary key (partition_id, epoch, low_position, low_key, from_sequence)
) with (fillfactor = 80);

create table view_entries (
  block bigint not null,
  from_sequence bigint not null,
  -- Stays open in a block that is replaced while it is.
  to_sequence bigint not null default 9223372036854775807,
  position text collate "C" not null,
  key text collate "C" not null,
  constraint view_entries_pkey primary key (block, position, key, from_sequence)
) with (fillfactor = 90);

-- The places from (low_position, low_key) on, up to (high_position, high_key).
create type view_block_range as (
  low_position text,
  low_key text,
  -- Null: to the end.
  high_position text,
  high_key text
);

-- Lists the blocks `made`, each from its first place on, instead of the blocks `gone`, which together
-- hold a range of places, from a sequence on.
create function relist_blocks(
  of_partition bigint,
  span view_block_range,
  gone bigint[],
  made bigint[],
  at bigint
) returns void language plpgsql as $$
declare
  unending constant bigint := 9223372036854775807;
  current_epoch bigint;
  closed_count integer := 0;
  -- Blocks that were made, or given more, for the same sequence: nobody sees that any more.
  never_seen bigint[];
begin
  select epoch into current_epoch from view_partitions where id = of_partition;
  if current_epoch is not null then
    with deleted as (
      delete from view_blocks
      where partition_id = of_partition and epoch = current_epoch and from_sequence = at
        and (low_position, low_key) >= (span.low_position, span.low_key)
        and block = any (gone)
      returning block
    )
    select array_agg(block) into never_seen from deleted;
    if never_seen is not null then
      delete from view_entries
      where block = any (never_seen) and block <> all (made) and from_sequence >= at;
    end if;
    update view_blocks set to_sequence = at
    where partition_id = of_partition and epoch = current_epoch and to_sequence = unending
      and (low_position, low_key) >= (span.low_position, span.low_key)
      and (span.high_position is null
        or (low_position, low_key) < (span.high_position, span.high_key))
      and block = any (gone);
    get diagnostics closed_count = row_count;
  end if;

  insert into view_blocks (partition_id, epoch, low_position, low_key, from_sequence, block)
  select of_partition, coalesce(current_epoch, at),
    case ordinal when 1 then span.low_position else lowest.position end,
    case ordinal when 1 then span.low_key else lowest.key end, at, number
  from unnest(made) with ordinality as listed (number, ordinal)
  left join lateral (
    select position, key from view_entries where block = number order by position, key limit 1
  ) as lowest on true;

  update view_partitions set epoch = coalesce(epoch, at),
    open_blocks = open_blocks + cardinality(made) - cardinality(gone) * (epoch is not null)::integer,
    closed_blocks = closed_blocks + closed_count
  where id = of_partition;
end
$$;

-- Begins the directory of a partition anew with what is open in it, when more is closed.
create function renew_directory(of_partition bigint, at bigint, entries_max integer)
returns void language sql as $$
  with renewed as (
    update view_partitions as partition set epoch = at, closed_blocks = 0
    from view_partitions as before
    where partition.id = of_partition and before.id = of_partition and before.epoch < at
      and before.closed_blocks > greatest(entries_max / 4, before.open_blocks)
    returning before.epoch
  )
  insert into view_blocks (partition_id, epoch, low_position, low_key, from_sequence, block)
  select of_partition, at, low_position, low_key, from_sequence, block
  from view_blocks
  where partition_id = of_partition and epoch = (select epoch from renewed)
    and to_sequence = 9223372036854775807
$$;

-- Replaces adjacent blocks of a partition, of which the first holds the places from `low` on, by what
-- is open in them from a sequence on. Little is moved into a neighbour that has room. Else new blocks
-- are made, each at most half full, of the neighbour's entries too if there is little. Answers the
-- range and the blocks that hold it now.
create function refit_blocks(
  of_partition bigint,
  run_low_position text,
  run_low_key text,
  run bigint[],
  at bigint,
  entries_max integer,
  out span view_block_range,
  out made bigint[]
) language plpgsql as $$
declare
  unending constant bigint := 9223372036854775807;
  current_epoch bigint;
  emptied bigint[] := run;
  gone bigint[] := run;
  found_run bigint[];
  open_count integer;
  neighbour bigint;
  neighbour_position text;
  neighbour_key text;
  neighbour_entries integer;
  neighbour_open integer;
  is_next boolean;
begin
  select epoch into strict current_epoch from view_partitions where id = of_partition;
  select count(*) into open_count from view_entries
  where block = any (emptied) and to_sequence = unending;
  span.low_position := run_low_position;
  span.low_key := run_low_key;

  if current_epoch is not null then
    select array_agg(block order by ordinal) filter (where ordinal <= cardinality(run)),
      max(low_position) filter (where ordinal > cardinality(run)),
      max(low_key) filter (where ordinal > cardinality(run))
    into found_run, span.high_position, span.high_key from (
      select block, low_position, low_key,
        row_number() over (order by low_position, low_key) as ordinal
      from view_blocks
      where partition_id = of_partition and epoch = current_epoch and to_sequence = unending
        and (low_position, low_key) >= (run_low_position, run_low_key)
      order by low_position, low_key limit cardinality(run) + 1
    ) as listed;
    if found_run is distinct from run then
      raise exception 'a partition has other blocks than is remembered' using errcode = 'DB004';
    end if;
  end if;

  if current_epoch is not null and open_count < entries_max / 8 then
    -- The neighbour with more room.
    select listed.block, low_position, low_key, follows, stored.entry_count, stored.open_count
    into neighbour, neighbour_position, neighbour_key, is_next, neighbour_entries, neighbour_open
    from (
      (
        select block, low_position, low_key, true as follows from view_blocks
        where partition_id = of_partition and epoch = current_epoch and to_sequence = unending
          and (low_position, low_key) >= (span.high_position, span.high_key)
        order by low_position, low_key limit 1
      )
      union all
      (
        select block, low_position, low_key, false from view_blocks
        where partition_id = of_partition and epoch = current_epoch and to_sequence = unending
          and (low_position, low_key) < (run_low_position, run_low_key)
        order by low_position desc, low_key desc limit 1
      )
    ) as listed
    cross join lateral (
      select count(*) as entry_count, count(*) filter (where to_sequence = unending) as open_count
      from view_entries where block = listed.block
    ) as stored
    order by stored.entry_count limit 1;
  end if;
  if neighbour is not null then
    if is_next then
      span.high_position := null;
      span.high_key := null;
      select low_position, low_key into span.high_position, span.high_key from view_blocks
      where partition_id = of_partition and epoch = current_epoch and to_sequence = unending
        and (low_position, low_key) > (neighbour_position, neighbour_key)
      order by low_position, low_key limit 1;
    else
      span.low_position := neighbour_position;
      span.low_key := neighbour_key;
    end if;
    gone := gone || neighbour;
    if neighbour_entries + open_count <= entries_max + entries_max / 8 then
      made := array[neighbour];
    else
      emptied := gone;
      open_count := open_count + neighbour_open;
    end if;
  end if;

  made := coalesce(made, array(
    select nextval('view_block_numbers')
    from generate_series(1, greatest(1, ceil(open_count / (entries_max / 2.0))))
  ));
  -- From `at` on, not from when they were opened: until then another block shows them.
  insert into view_entries (block, from_sequence, position, key)
  select made[ntile(cardinality(made)) over (order by position, key)], at, position, key
  from view_entries where block = any (emptied) and to_sequence = unending;
  perform relist_blocks(of_partition, span, gone, made, at);
  perform renew_directory(of_partition, at, entries_max);
end
$$;

-- How full blocks are, and between which places.
create function measure_blocks(blocks bigint[]) returns table (
  block bigint, entries integer, open integer,
  lowest_position text, lowest_key text, highest_position text, highest_key text
) language sql stable as $$
  select number, stored.entries, stored.open,
    lowest.position, lowest.key, highest.position, highest.key
  from unnest(blocks) with ordinality as wanted (number, ordinal)
  cross join lateral (
    select count(*)::integer as entries,
      count(*) filter (where to_sequence = 9223372036854775807)::integer as open
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

-- Cuts a partition at a place that lies after all that its block holds: from there on and from a
-- sequence on a new block holds the places. Nothing is copied.
create function begin_block(
  of_partition bigint,
  at_position text,
  at_key text,
  at bigint,
  new_block bigint
) returns void language sql as $$
  with before as (
    select epoch from view_partitions where id = of_partition
  ), cut as (
    update view_partitions set epoch = coalesce(epoch, at),
      open_blocks = open_blocks + 1 + (epoch is null)::integer
    where id = of_partition
  )
  insert into view_blocks (partition_id, epoch, low_position, low_key, from_sequence, block)
  -- The block of a partition that was never cut has been there before its directory.
  select of_partition, at, '', '', 0, of_partition from before where epoch is null
  union all
  select of_partition, coalesce(epoch, at), at_position, at_key, at, new_block from before
$$;

-- Moves views forward, all or nothing. Refused with DB004 when a view is not at the checkpoint from
-- which the caller worked: then somebody else has moved it, and the caller's work is void. Answers the
-- blocks that have replaced others, with the range that those of one partition hold together.
--
-- The plans may be made while the tables are empty and have to serve when they are large. Arrays are
-- taken apart side by side in the list of columns: in `from` each would be stored first.
create function advance_views(
  view_ids integer[],
  from_checkpoints bigint[],
  to_checkpoints bigint[],
  document_views integer[],
  document_keys text[],
  document_sequences bigint[],
  -- One array; null: gone.
  documents jsonb,
  closed_blocks bigint[],
  closed_positions text[],
  closed_keys text[],
  closed_to bigint[],
  opened_blocks bigint[],
  opened_positions text[],
  opened_keys text[],
  opened_from bigint[],
  opened_to bigint[],
  -- [id, view, list, partition] each.
  new_partitions jsonb,
  -- [partition, position, key, sequence, block] each: see begin_block.
  begun_blocks jsonb,
  -- [partition, position, key, blocks, sequence, most entries] each: see refit_blocks.
  refits jsonb
) returns table (
  partition_id bigint,
  low_position text, low_key text, high_position text, high_key text,
  block bigint, entries integer, open integer,
  lowest_position text, lowest_key text, highest_position text, highest_key text
) language plpgsql
set plan_cache_mode = force_generic_plan
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  moved integer;
  each_one jsonb;
  refitted record;
begin
  update views set checkpoint = wanted.to_checkpoint
  from unnest(view_ids, from_checkpoints, to_checkpoints)
    as wanted (id, from_checkpoint, to_checkpoint)
  where views.id = wanted.id and views.checkpoint = wanted.from_checkpoint
    and views.status <> 'parked';
  get diagnostics moved = row_count;
  if moved <> cardinality(view_ids) then
    raise exception 'a view is not at the expected checkpoint' using errcode = 'DB004';
  end if;

  insert into view_documents (view_id, key, sequence, document)
  select view_id, key, sequence, nullif(document, 'null') from (
    select unnest(document_views) as view_id, unnest(document_keys) as key,
      unnest(document_sequences) as sequence, jsonb_array_elements(documents) as document
  ) as changed order by view_id, key, sequence;

  if cardinality(closed_blocks) > 0 then
    update view_entries as entry set to_sequence = wanted.to_sequence
    from (
      select unnest(closed_blocks) as block, unnest(closed_positions) as position,
        unnest(closed_keys) as key, unnest(closed_to) as to_sequence
    ) as wanted
    where entry.block = wanted.block and entry.position = wanted.position
      and entry.key = wanted.key and entry.to_sequence = 9223372036854775807;
    get diagnostics moved = row_count;
    if moved <> cardinality(closed_blocks) then
      raise exception 'a place is in another block than is remembered' using errcode = 'DB004';
    end if;
  end if;
  if cardinality(opened_blocks) > 0 then
    insert into view_entries (block, from_sequence, to_sequence, position, key)
    select unnest(opened_blocks) as block, unnest(opened_from), unnest(opened_to),
      unnest(opened_positions) as position, unnest(opened_keys) as key
    order by block, position, key;
  end if;

  if new_partitions <> '[]' then
    insert into view_partitions (id, view_id, list, partition)
    select (made ->> 0)::bigint, (made ->> 1)::integer, made ->> 2, made ->> 3
    from jsonb_array_elements(new_partitions) as made;
  end if;
  for each_one in select jsonb_array_elements(begun_blocks) loop
    perform begin_block(
      (each_one ->> 0)::bigint, each_one ->> 1, each_one ->> 2, (each_one ->> 3)::bigint,
      (each_one ->> 4)::bigint
    );
  end loop;
  for each_one in select jsonb_array_elements(refits) loop
    select * into refitted from refit_blocks(
      (each_one ->> 0)::bigint, each_one ->> 1, each_one ->> 2,
      array(select jsonb_array_elements_text(each_one -> 3)::bigint),
      (each_one ->> 4)::bigint, (each_one ->> 5)::integer
    );
    return query
      select (each_one ->> 0)::bigint, (refitted.span).low_position, (refitted.span).low_key,
        (refitted.span).high_position, (refitted.span).high_key, measured.*
      from measure_blocks(refitted.made) as measured;
  end loop;

  perform pg_notify('daybook_views', '');
end
$$;

-- The blocks in which places stand now, one row for each block; none for a partition that is unknown.
create function hold_places(
  of_views integer[],
  of_lists text[],
  of_partitions text[],
  of_positions text[],
  of_keys text[]
) returns table (
  view_id integer, list text, partition text, partition_id bigint,
  low_position text, low_key text, high_position text, high_key text,
  block bigint, entries integer, open integer,
  lowest_position text, lowest_key text, highest_position text, highest_key text
) language sql stable set enable_hashjoin = off set enable_mergejoin = off as $$
  with held as materialized (
    select distinct on (coalesce(listed.block, known.id)) known.*,
      coalesce(listed.low_position, '') as low_position, coalesce(listed.low_key, '') as low_key,
      coalesce(listed.block, known.id) as block
    from unnest(of_views, of_lists, of_partitions, of_positions, of_keys)
      as place (view_id, list, partition, position, key)
    join view_partitions as known using (view_id, list, partition)
    left join lateral (
      select block, low_position, low_key from view_blocks
      where partition_id = known.id and epoch = known.epoch
        and to_sequence = 9223372036854775807
        and (low_position, low_key) <= (place.position, place.key)
      order by low_position desc, low_key desc limit 1
    ) as listed on true
  )
  select held.view_id, held.list, held.partition, held.id,
    held.low_position, held.low_key, high.low_position, high.low_key, measured.*
  from held
  cross join lateral measure_blocks(array[held.block]) as measured
  left join lateral (
    select low_position, low_key from view_blocks
    where partition_id = held.id and epoch = held.epoch and to_sequence = 9223372036854775807
      and (low_position, low_key) > (held.low_position, held.low_key)
    order by low_position, low_key limit 1
  ) as high on true
$$;

-- A page of a list as it stood at a sequence, strictly between two places: from block to block until
-- there are enough rows.
create function read_list_ascending(
  of_view integer,
  of_list text,
  of_partition text,
  at bigint,
  after_position text,
  after_key text,
  before_position text,
  before_key text,
  rows_max integer
) returns table (key text, "position" text, document jsonb, sequence bigint)
language plpgsql stable as $$
#variable_conflict use_column
declare
  partition_at constant bigint := (
    select id from view_partitions
    where view_id = of_view and list = of_list and partition = of_partition
  );
  epoch_at constant bigint := (
    select epoch from view_blocks where partition_id = partition_at and epoch <= at
    order by epoch desc limit 1
  );
  wanted integer := rows_max;
  found_count integer;
  holding record;
  low record;
begin
  select low_position, low_key into low from view_blocks
  where partition_id = partition_at and epoch = epoch_at
    and from_sequence <= at and to_sequence > at
    and (low_position, low_key) <= (after_position, after_key)
  order by low_position desc, low_key desc limit 1;
  for holding in
    select partition_at as block where epoch_at is null
    union all
    (
      select block from view_blocks
      where partition_id = partition_at and epoch = epoch_at
        and from_sequence <= at and to_sequence > at
        and (low_position, low_key) >= (low.low_position, low.low_key)
        and (low_position, low_key) < (before_position, before_key)
      order by low_position, low_key
    )
  loop
    return query
      select entry.key, entry.position, found.document, found.sequence
      from view_entries as entry
      cross join lateral (
        select document, sequence from view_documents
        where view_id = of_view and view_documents.key = entry.key and sequence <= at
        order by sequence desc limit 1
      ) as found
      where block = holding.block and from_sequence <= at and to_sequence > at
        and (position, entry.key) > (after_position, after_key)
        and (position, entry.key) < (before_position, before_key)
      order by position, entry.key
      limit wanted;
    get diagnostics found_count = row_count;
    wanted := wanted - found_count;
    exit when wanted = 0;
  end loop;
end
$$;

create function read_list_descending(
  of_view integer,
  of_list text,
  of_partition text,
  at bigint,
  after_position text,
  after_key text,
  before_position text,
  before_key text,
  rows_max integer
) returns table (key text, "position" text, document jsonb, sequence bigint)
language plpgsql stable as $$
#variable_conflict use_column
declare
  partition_at constant bigint := (
    select id from view_partitions
    where view_id = of_view and list = of_list and partition = of_partition
  );
  epoch_at constant bigint := (
    select epoch from view_blocks where partition_id = partition_at and epoch <= at
    order by epoch desc limit 1
  );
  wanted integer := rows_max;
  found_count integer;
  holding record;
begin
  for holding in
    select partition_at as block, '' as low_position, '' as low_key where epoch_at is null
    union all
    (
      select block, low_position, low_key from view_blocks
      where partition_id = partition_at and epoch = epoch_at
        and from_sequence <= at and to_sequence > at
        and (low_position, low_key) < (before_position, before_key)
      order by low_position desc, low_key desc
    )
  loop
    return query
      select entry.key, entry.position, found.document, found.sequence
      from view_entries as entry
      cross join lateral (
        select document, sequence from view_documents
        where view_id = of_view and view_documents.key = entry.key and sequence <= at
        order by sequence desc limit 1
      ) as found
      where block = holding.block and from_sequence <= at and to_sequence > at
        and (position, entry.key) > (after_position, after_key)
        and (position, entry.key) < (before_position, before_key)
      order by position desc, entry.key desc
      limit wanted;
    get diagnostics found_count = row_count;
    wanted := wanted - found_count;
    exit when wanted = 0
      or (holding.low_position, holding.low_key) <= (after_position, after_key);
  end loop;
end
$$;
