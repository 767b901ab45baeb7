-- Refuses to add a row to append_batches, which only the append functions of earlier releases do: a
-- session that waited for the migration can still run them. The trigger append_batches_are_former
-- calls it.
--
-- Locks nothing. Always throws 57P03, after which programs connect and append again.
-- revision 1
create or replace function refuse_former_append() returns trigger language plpgsql as $$
begin
  raise exception 'the database has been migrated: connect again' using errcode = '57P03';
end
$$;
