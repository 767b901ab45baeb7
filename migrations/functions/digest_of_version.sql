-- Returns the digest of a version of a document, of which the checksums of views are sums. A null
-- document counts as an empty text.
--
-- Locks nothing. Throws no error.
-- revision 1
create or replace function digest_of_version(key text, sequence bigint, document json)
returns bytea language sql immutable as $$
  select sha256(
    convert_to(key, 'UTF8') || '\x00'::bytea || convert_to(sequence::text, 'UTF8')
      || '\x00'::bytea || convert_to(coalesce(document::text, ''), 'UTF8')
  )
$$;
