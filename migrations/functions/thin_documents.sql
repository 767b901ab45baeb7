-- Removes versions of documents of a view that a later version has replaced up to the sequence
-- `floor`. The version of each document that is in force at `floor` stays.
--
-- Examines rows_max rows from the key from_key on, and the packs that begin in their range of
-- keys. Returns the key with which the next call continues, null after the last one, and how many
-- versions it has removed.
--
-- Locks out the packing of the view's documents until the transaction ends. Throws no error.
-- revision 1
create or replace function thin_documents(
  of_view integer,
  floor bigint,
  from_key text,
  rows_max integer,
  out next_key text,
  out removed bigint
) language plpgsql
set plan_cache_mode = force_generic_plan
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
as $$
declare
  listed_count integer;
  packed_count bigint;
begin
  perform pg_advisory_xact_lock(hashtext('view_document_packs'), of_view);
  select count(*), max(key) into listed_count, next_key from (
    select key from view_documents where view_id = of_view and key >= from_key
    order by key limit rows_max
  ) as listed;
  if listed_count < rows_max then
    next_key := null;
  elsif next_key = from_key then
    next_key := next_key || e'\x01';
  end if;

  -- Every key has a row, the latest version, so the rows lead to all packs.
  with version as materialized (
    select pack.key as pack_key, pack.sequence as pack_sequence,
      version.key, version.sequence, version.document,
      lead(version.sequence) over (
        partition by version.key order by version.sequence
      ) as replaced_at
    from view_document_packs as pack
    cross join lateral unnest(pack.keys, pack.sequences, pack.documents)
      as version (key, sequence, document)
    where pack.view_id = of_view and pack.key >= from_key
      and (next_key is null or pack.key < next_key)
  ), judged as materialized (
    select *, coalesce(
      replaced_at,
      -- The next version is in a pack beyond the range, or it is the first row.
      (
        select sequence from view_document_packs
        where view_id = of_view and key = version.key and sequence > version.sequence
        order by sequence limit 1
      ),
      (
        select sequence from view_documents
        where view_id = of_view and key = version.key order by sequence limit 1
      )
    ) <= floor as is_removed
    from version
  ), thinned as materialized (
    select pack_key, pack_sequence, count(*) filter (where is_removed) as removed,
      array_agg(key) filter (where not is_removed) as keys,
      array_agg(sequence) filter (where not is_removed) as sequences,
      array_agg(document) filter (where not is_removed) as documents
    from (select * from judged order by pack_key, pack_sequence, key, sequence) as ordered
    group by pack_key, pack_sequence having bool_or(is_removed)
  ), emptied as (
    delete from view_document_packs as pack using thinned
    where pack.view_id = of_view and pack.key = pack_key and pack.sequence = pack_sequence
      and thinned.keys is null
  ), renewed as (
    update view_document_packs as pack
    set key = thinned.keys[1], sequence = thinned.sequences[1],
      keys = thinned.keys, sequences = thinned.sequences, documents = thinned.documents
    from thinned
    where pack.view_id = of_view and pack.key = pack_key and pack.sequence = pack_sequence
      and thinned.keys is not null
  )
  select coalesce(sum(thinned.removed), 0) into packed_count from thinned;

  with listed as materialized (
    select key, sequence, lead(sequence) over (partition by key order by sequence) as replaced_at
    from (
      select key, sequence from view_documents where view_id = of_view and key >= from_key
      order by key, sequence limit rows_max
    ) as listed
  ), gone as (
    delete from view_documents as version using listed
    where version.view_id = of_view and version.key = listed.key
      and version.sequence = listed.sequence and replaced_at <= floor
    returning version.key
  )
  select packed_count + count(*) into removed from gone;
end
$$;
