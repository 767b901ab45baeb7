-- Removes versions of documents of a view that a later version has replaced up to the sequence
-- `floor`. The version of each document that is in force at `floor` stays.
--
-- Examines rows_max rows or fewer from the key from_key on, and the packs that begin in their range
-- of keys. Returns the key with which the next call continues, null after the last one, and how
-- many versions it has removed. Adds their digests to the view's removed_checksum, so that this and
-- the versions that are left are the view's checksum at all times.
--
-- Locks out the packing of the view's documents until the transaction ends, and locks the view's
-- row at its end. Throws no error.
-- revision 2
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
  packs_max constant integer := 100;
  packed_count bigint;
  packed_sum bytea;
  row_sum bytea;
begin
  perform pg_advisory_xact_lock(hashtext('view_document_packs'), of_view);
  -- The smaller of two keys: up to which the rows are examined, and up to which the packs are.
  select min(last_key) into next_key from (
    (
      select key as last_key from view_documents where view_id = of_view and key >= from_key
      order by key offset rows_max - 1 limit 1
    )
    union all
    (
      select key from view_document_packs where view_id = of_view and key >= from_key
      order by key offset packs_max - 1 limit 1
    )
  ) as ends;
  if next_key = from_key then
    next_key := next_key || e'\x01';
  end if;

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
    select *, coalesce(coalesce(
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
    ) <= floor, false) as is_removed
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
  select coalesce(sum(thinned.removed), 0), (
    select sum_digests(array_agg(digest_of_version(key, sequence, document)))
    from judged where is_removed
  ) into packed_count, packed_sum from thinned;

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
    returning digest_of_version(version.key, version.sequence, version.document) as digest
  )
  select packed_count + count(*), sum_digests(array_agg(digest)) into removed, row_sum from gone;
  if removed > 0 then
    update views set removed_checksum = sum_digests(array[removed_checksum, packed_sum, row_sum])
    where id = of_view;
  end if;
end
$$;
