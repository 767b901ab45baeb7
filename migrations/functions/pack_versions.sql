-- Moves versions of documents of a view from rows into packs: those that a later version has
-- replaced up to the sequence `horizon`, and the latest version of a document if it was stored up
-- to the sequence settled_at, which is not after `horizon`.
--
-- Examines rows_max rows from the key from_key on, and returns the key with which the next call
-- continues; null after the last row. A pack is full from pack_size characters of JSON on. It is
-- renewed only if at least added_size_min characters are added to it, so some versions stay rows
-- for a while. `kept` and `moved` are the numbers of examined rows that stay and that have moved.
--
-- All rows of a key are later than all of its versions in packs: so the rows of a key are examined
-- from the first one on, and those that are moved have the same pack before them.
--
-- Locks out other packing of the view until the transaction ends. Throws FOREIGN_KEY_VIOLATION
-- (23503) if the view does not exist.
-- revision 1
create or replace function pack_versions(
  of_view integer,
  horizon bigint,
  settled_at bigint,
  from_key text,
  rows_max integer,
  pack_size integer,
  added_size_min integer,
  out next_key text,
  out kept integer,
  out moved integer
) language plpgsql
set plan_cache_mode = force_generic_plan
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
as $$
declare
  listed_count integer;
begin
  perform pg_advisory_xact_lock(hashtext('view_document_packs'), of_view);
  with listed as materialized (
    select key, sequence, lead(sequence) over (partition by key order by sequence) as replaced_at
    from (
      select key, sequence from view_documents
      where view_id = of_view and key >= from_key
      order by key, sequence limit rows_max
    ) as listed
  ), replaced as materialized (
    select version.key, version.sequence, version.document,
      length(version.document::text) as size, pack_key, pack_sequence,
      sum(length(version.document::text)) over (partition by pack_key, pack_sequence) as added
    from listed
    join view_documents as version
      on version.view_id = of_view and version.key = listed.key
        and version.sequence = listed.sequence
    left join lateral (
      select key, sequence from view_document_packs
      where view_id = of_view and (key, sequence) <= (listed.key, listed.sequence)
      order by key desc, sequence desc limit 1
    ) as pack (pack_key, pack_sequence) on true
    -- The last row may have been replaced by one that is not listed, which does no harm.
    where listed.replaced_at <= horizon
      or listed.replaced_at is null and listed.sequence <= settled_at
  ), removed as (
    delete from view_documents as version using replaced
    where version.view_id = of_view and version.key = replaced.key
      and version.sequence = replaced.sequence and added >= added_size_min
    returning version.key
  ), versions as (
    select pack_key, pack_sequence, key, sequence, document, size
    from replaced where added >= added_size_min
    union all
    select pack_key, pack_sequence, version.key, version.sequence, version.document,
      length(version.document::text)
    from (
      select distinct pack_key, pack_sequence from replaced where added >= added_size_min
    ) as renewed
    join view_document_packs as pack
      on pack.view_id = of_view and pack.key = pack_key and pack.sequence = pack_sequence
    cross join lateral unnest(pack.keys, pack.sequences, pack.documents)
      as version (key, sequence, document)
  ), numbered as (
    select *, coalesce(sum(size) over (
      partition by pack_key, pack_sequence order by key, sequence
      rows between unbounded preceding and 1 preceding
    ), 0) / pack_size as pack_number
    from versions
  ), packs as (
    insert into view_document_packs (view_id, key, sequence, keys, sequences, documents)
    select of_view, (array_agg(key))[1], (array_agg(sequence))[1],
      array_agg(key), array_agg(sequence), array_agg(document)
    from (
      select * from numbered order by pack_key, pack_sequence, pack_number, key, sequence
    ) as ordered
    group by pack_key, pack_sequence, pack_number
    on conflict on constraint view_document_packs_pkey do update
    set keys = excluded.keys, sequences = excluded.sequences, documents = excluded.documents
  )
  select count(*), max(key), (select count(*) from removed)
  into listed_count, next_key, moved from listed;
  kept := listed_count - moved;
  if listed_count < rows_max then
    next_key := null;
  elsif next_key = from_key and moved = 0 then
    -- The rows of one key, of which none can be moved. This is the first text after the key.
    next_key := next_key || e'\x01';
  end if;
end
$$;
