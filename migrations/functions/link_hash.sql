-- Returns the SHA-256 of a hash and a text in UTF-8: one step of the aggregate chain_hash. The hash
-- is the state or, if that is null, the seed.
--
-- Locks nothing. Throws no error.
-- revision 1
create or replace function link_hash(state bytea, seed bytea, line text) returns bytea
language plpgsql immutable parallel safe as $$
begin
  return sha256(coalesce(state, seed) || convert_to(line, 'UTF8'));
end
$$;
