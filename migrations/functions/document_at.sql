-- Returns the version of a document that is in force at a sequence, at most one row. Its document
-- is null if the document no longer existed.
--
-- The rows of a key are later than all versions of it in packs. PostgreSQL looks into the packs
-- only if it finds no row. It computes what a subquery with `offset 0` selects only once.
--
-- Locks nothing. Throws no error.
-- revision 1
create or replace function document_at(of_view integer, of_key text, at bigint)
returns table (document json, sequence bigint) language sql stable as $$
  (
    select document, sequence from view_documents
    where view_id = of_view and key = of_key and sequence <= at
    order by sequence desc limit 1
  )
  union all
  (
    select documents[index], sequences[index]
    from (
      select sequences, documents,
        first - 1 + width_bucket(at, sequences[first:first + number - 1]) as index
      from (
        select sequences, documents, array_position(keys, of_key) as first,
          cardinality(array_positions(keys, of_key)) as number
        from view_document_packs
        where view_id = of_view and (key, sequence) <= (of_key, at)
        order by key desc, sequence desc limit 1
      ) as pack
      where at >= sequences[first]
      offset 0
    ) as found
  )
  limit 1
$$;
