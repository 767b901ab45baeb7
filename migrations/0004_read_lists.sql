-- Reading the lists of views at any sequence.

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
  epoch_at constant bigint := (
    select epoch from view_blocks
    where view_id = of_view and list = of_list and partition = of_partition and epoch <= at
    order by epoch desc limit 1
  );
  wanted integer := rows_max;
  found_count integer;
  holding record;
  low record;
begin
  select low_position, low_key into low from view_blocks
  where view_id = of_view and list = of_list and partition = of_partition and epoch = epoch_at
    and from_sequence <= at and to_sequence > at
    and (low_position, low_key) <= (after_position, after_key)
  order by low_position desc, low_key desc limit 1;
  for holding in
    select 0::bigint as block where epoch_at is null
    union all
    (
      select block from view_blocks
      where view_id = of_view and list = of_list and partition = of_partition
        and epoch = epoch_at and from_sequence <= at and to_sequence > at
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
      where view_id = of_view and list = of_list and partition = of_partition
        and block = holding.block and from_sequence <= at and to_sequence > at
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
  epoch_at constant bigint := (
    select epoch from view_blocks
    where view_id = of_view and list = of_list and partition = of_partition and epoch <= at
    order by epoch desc limit 1
  );
  wanted integer := rows_max;
  found_count integer;
  holding record;
begin
  for holding in
    select 0::bigint as block, '' as low_position, '' as low_key where epoch_at is null
    union all
    (
      select block, low_position, low_key from view_blocks
      where view_id = of_view and list = of_list and partition = of_partition
        and epoch = epoch_at and from_sequence <= at and to_sequence > at
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
      where view_id = of_view and list = of_list and partition = of_partition
        and block = holding.block and from_sequence <= at and to_sequence > at
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
