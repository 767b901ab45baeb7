-- Returns the versions of a document that are in force between two sequences: the one in force at
-- `after`, if there is one, and all later ones up to `up_to`, in no particular order. A null
-- document means that it no longer existed.
--
-- If a row is in force at `after`, all later versions are rows too.
--
-- Locks nothing. Throws no error.
-- revision 1
create or replace function document_versions(
  of_view integer,
  of_key text,
  after bigint,
  up_to bigint
) returns table (document json, sequence bigint) language sql stable as $$
  select document, sequence from document_at(of_view, of_key, after)
  union all
  select document, sequence from view_documents
  where view_id = of_view and key = of_key and sequence > after and sequence <= up_to
  union all
  select version.document, version.sequence
  from (
    (
      select keys, sequences, documents from view_document_packs
      where view_id = of_view and (key, sequence) <= (of_key, after)
      order by key desc, sequence desc limit 1
    )
    union all
    (
      select keys, sequences, documents from view_document_packs
      where view_id = of_view and key = of_key and sequence > after and sequence <= up_to
    )
  ) as pack
  cross join lateral unnest(pack.keys, pack.sequences, pack.documents)
    as version (key, sequence, document)
  where version.key = of_key and version.sequence > after and version.sequence <= up_to
    and not exists (
      select from view_documents
      where view_id = of_view and view_documents.key = of_key
        and view_documents.sequence <= after
    )
$$;
