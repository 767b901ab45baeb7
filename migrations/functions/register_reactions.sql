-- Registers the reactions of a program that is about to decide commands, and returns the names that
-- are new. If there are new names, it raises the epoch of the log in the same transaction.
--
-- Locks the row of log_head until the transaction ends if a name is new, so that each append comes
-- either before all of this or after it. Throws no error.
-- revision 1
create or replace function register_reactions(names text[]) returns setof text
language plpgsql as $$
declare
  head bigint;
begin
  if not exists (
    select from unnest(names) as given (name)
    where not exists (select from reactions where reactions.name = given.name)
  ) then
    return;
  end if;
  select sequence into strict head from log_head for update;
  return query
    insert into reactions (name, first_seen_after)
    select distinct given.name, head from unnest(names) as given (name)
    on conflict on constraint reactions_pkey do nothing
    returning reactions.name;
  if found then
    update log_head set epoch = epoch + 1;
  end if;
end
$$;
