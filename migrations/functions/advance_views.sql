-- Moves views to later checkpoints and stores the documents and entries that changed, all or
-- nothing. Returns the blocks that have replaced others, with the range that the blocks of a
-- partition cover together. Notifies the channel daybook_views.
--
-- Locks the rows of the views until the transaction ends. Throws DB004 if a view is parked or is
-- not at its checkpoint in from_checkpoints, or if the blocks of its partitions are not those that
-- the caller remembers: another process has moved the view, and the caller's work is void.
--
-- PostgreSQL may plan the statements while the tables are empty, and the plans must also serve when
-- the tables are large. Arrays are unnested side by side in the select list, because PostgreSQL
-- would store each of them first if they stood in `from`.
-- revision 3
create or replace function advance_views(
  view_ids integer[],
  from_checkpoints bigint[],
  to_checkpoints bigint[],
  document_views integer[],
  document_keys text[],
  document_sequences bigint[],
  -- A null means that the document no longer exists.
  documents json[],
  closed_blocks bigint[],
  closed_positions text[],
  closed_keys text[],
  closed_to bigint[],
  opened_blocks bigint[],
  opened_positions text[],
  opened_keys text[],
  opened_from bigint[],
  opened_to bigint[],
  -- An array of [id, view, list, partition].
  new_partitions jsonb,
  -- An array of [partition, position, key, sequence, block]: see split_off_block.
  begun_blocks jsonb,
  -- An array of [partition, position, key, blocks, sequence, entries_max]: see rebalance_blocks.
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
  rebalanced record;
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
  select view_id, key, sequence, document from (
    select unnest(document_views) as view_id, unnest(document_keys) as key,
      unnest(document_sequences) as sequence, unnest(documents) as document
  ) as changed order by view_id, key, sequence;

  if cardinality(closed_blocks) > 0 then
    update view_entries as entry set to_sequence = wanted.to_sequence
    from (
      select unnest(closed_blocks) as block, unnest(closed_positions) as position,
        unnest(closed_keys) as key, unnest(closed_to) as to_sequence
    ) as wanted
    where entry.block = wanted.block and entry.position = wanted.position
      and entry.key = wanted.key and hashtext(entry.key) = hashtext(wanted.key)
      and entry.to_sequence = never_ends();
    get diagnostics moved = row_count;
    if moved < cardinality(closed_blocks) then
      moved := moved
        + close_packed_entries(closed_blocks, closed_positions, closed_keys, closed_to);
    end if;
    if moved <> cardinality(closed_blocks) then
      raise exception 'an entry is in another block than the caller remembers'
        using errcode = 'DB004';
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
    perform split_off_block(
      (each_one ->> 0)::bigint, each_one ->> 1, each_one ->> 2, (each_one ->> 3)::bigint,
      (each_one ->> 4)::bigint
    );
  end loop;
  for each_one in select jsonb_array_elements(refits) loop
    select * into rebalanced from rebalance_blocks(
      (each_one ->> 0)::bigint, each_one ->> 1, each_one ->> 2,
      array(select jsonb_array_elements_text(each_one -> 3)::bigint),
      (each_one ->> 4)::bigint, (each_one ->> 5)::integer
    );
    return query
      select (each_one ->> 0)::bigint, (rebalanced.span).low_position, (rebalanced.span).low_key,
        (rebalanced.span).high_position, (rebalanced.span).high_key, measured.*
      from measure_blocks(rebalanced.made) as measured;
  end loop;

  perform pg_notify('daybook_views', '');
end
$$;
