-- Returns the versions of documents that are in force at a sequence, with the ordinals of their
-- keys in the given array, in no particular order; no row for a key that has none. A document is
-- null if it no longer existed.
--
-- It reads each pack once: documents that are listed together are often in the same packs. If few
-- packs lie between the first and the last key, it reads all of these instead of looking for the
-- pack of each key: two looks take as long as unpacking one pack that is not needed.
--
-- Locks nothing. Throws no error.
-- revision 3
create or replace function documents_at(of_view integer, of_keys text[], at bigint)
returns table (ordinal bigint, document json, sequence bigint) language sql stable
as $$
  with stored as materialized (
    select wanted.ordinal, wanted.key, found.document, found.sequence
    from unnest(of_keys) with ordinality as wanted (key, ordinal)
    left join lateral (
      select document, sequence from view_documents
      where view_id = of_view and view_documents.key = wanted.key and sequence <= at
      order by sequence desc limit 1
    ) as found on true
  ), near as materialized (
    select pack.* from (
      select min(key collate "C") as low, max(key collate "C") as high from stored
      where sequence is null
    ) as ends
    cross join lateral (
      (
        select keys, sequences, documents from view_document_packs
        where view_id = of_view and (key, sequence) <= (low, at)
        order by key desc, sequence desc limit 1
      )
      union all
      (
        select keys, sequences, documents from view_document_packs
        where view_id = of_view and (key, sequence) > (low, at) and (key, sequence) <= (high, at)
        -- One more than are used: then it is known that there are too many.
        order by key, sequence limit cardinality(of_keys) * 2 / 5 + 1
      )
    ) as pack
  ), packed as materialized (
    select distinct on (version.key) version.key, version.document, version.sequence
    from (
      select keys, sequences, documents from near
      where (select count(*) from near) <= cardinality(of_keys) * 2 / 5
      union all
      select pack.keys, pack.sequences, pack.documents
      from (
        select distinct pack.key, pack.sequence
        from stored
        cross join lateral (
          select key, sequence from view_document_packs
          where view_id = of_view and (key, sequence) <= (stored.key, at)
          order by key desc, sequence desc limit 1
        ) as pack
        where stored.sequence is null
          and (select count(*) from near) > cardinality(of_keys) * 2 / 5
      ) as wanted
      join view_document_packs as pack
        on pack.view_id = of_view and pack.key = wanted.key and pack.sequence = wanted.sequence
    ) as pack
    cross join lateral unnest(pack.keys, pack.sequences, pack.documents)
      as version (key, sequence, document)
    where version.sequence <= at
    order by version.key, version.sequence desc
  )
  select ordinal, document, sequence from stored where sequence is not null
  union all
  select stored.ordinal, packed.document, packed.sequence
  from stored join packed on packed.key = stored.key
  where stored.sequence is null
$$;
