-- Returns a page of a list as of a sequence, in descending order: at most rows_max entries
-- strictly between two positions, each with its document. It reads one block after the other until
-- it has enough rows.
--
-- Locks nothing. Throws no error.
-- revision 3
create or replace function read_list_descending(
  of_view integer,
  of_list text,
  of_partition text,
  at bigint,
  after_position text,
  after_key text,
  before_position text,
  before_key text,
  rows_max integer
) returns table (key text, "position" text, document json, sequence bigint)
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
  positions text[];
  keys text[];
  holding record;
begin
  -- Most partitions have never been divided: they are read in one statement.
  if epoch_at is null then
    select array_agg(entry.position), array_agg(entry.key) into positions, keys
    from block_page_descending(
      partition_at, at, after_position, after_key, before_position, before_key, rows_max
    ) as entry;
    return query
      select keys[ordinal], positions[ordinal], found.document, found.sequence
      from documents_at(of_view, keys, at) as found order by ordinal;
    return;
  end if;
  for holding in
    select block, low_position, low_key from view_blocks
    where partition_id = partition_at and epoch = epoch_at
      and from_sequence <= at and to_sequence > at
      and (low_position, low_key) < (before_position, before_key)
    order by low_position desc, low_key desc
  loop
    select array_agg(entry.position), array_agg(entry.key) into positions, keys
    from block_page_descending(
      holding.block, at, after_position, after_key, before_position, before_key, wanted
    ) as entry;
    return query
      select keys[ordinal], positions[ordinal], found.document, found.sequence
      from documents_at(of_view, keys, at) as found order by ordinal;
    wanted := wanted - coalesce(cardinality(keys), 0);
    exit when wanted = 0
      or (holding.low_position, holding.low_key) <= (after_position, after_key);
  end loop;
end
$$;
