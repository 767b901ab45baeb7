-- Returns a text as COPY prints it: a backslash and six control characters are escaped.
--
-- Locks nothing. Throws no error.
-- revision 1
create or replace function copy_text(value text) returns text
language sql immutable parallel safe as $$
  select replace(replace(replace(replace(replace(replace(replace(
    value, '\', '\\'), E'\b', '\b'), E'\f', '\f'), E'\n', '\n'), E'\r', '\r'), E'\t', '\t'),
    E'\x0b', '\v')
$$;
