-- The reactions that a program has had which decides commands here. A program that lacks one of them
-- must not decide: what the reaction would have recorded would be missing from the log for good.

-- Raised whenever those who decide have to look again whether they still may.
alter table log_head add column if not exists epoch bigint not null default 1;

create table reactions (
  name text collate "C" not null,
  first_seen_at timestamptz not null default clock_timestamp(),
  -- The head of the log then: whatever comes after it was decided with the reaction.
  first_seen_after bigint not null,
  constraint reactions_pkey primary key (name)
);

-- Registers the reactions of a program that is about to decide, and gives the names that are new. If
-- there are any, the epoch is raised in the same transaction: under the lock of the head, so that an
-- append comes before all of it or after.
create function register_reactions(names text[]) returns setof text language plpgsql as $$
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
