-- Returns the sum of digests, or of such sums: in eight lanes of 32 bits, modulo 2^32. Ignores
-- nulls; the sum of nothing is null.
--
-- Locks nothing. Throws no error.
-- revision 1
create or replace function sum_digests(digests bytea[]) returns bytea
language sql immutable as $$
  select decode(string_agg(lpad(to_hex(total), 8, '0'), '' order by lane), 'hex')
  from (
    select lane, (sum(
      ('x' || encode(substring(digest from 4 * lane + 1 for 4), 'hex'))::bit(32)::bigint
    ) % 4294967296)::bigint as total
    from unnest(digests) as digest
    cross join generate_series(0, 7) as lane
    where digest is not null
    group by lane
  ) as lanes
$$;
