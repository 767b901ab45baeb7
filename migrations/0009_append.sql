-- A batch is sent once the one on top of which it was decided is in the log, so that the versions of
-- its streams tell all: it need not say which batches it rests on.
do $$
declare
  known constant text := pg_get_functiondef('append_events'::regproc);
  changed text := replace(known, ' rests_on uuid[],', '');
begin
  changed := replace(changed, $q$  if exists (
    select from unnest(rests_on) as needed (id)
    where (select id from append_batches where append_batches.id = needed.id) is null
  ) then
    raise exception 'a batch that this one rests on is not in the log'
      using errcode = 'DB001', detail = '{}';
  end if;

$q$, '');
  if changed like '%rests_on%' then
    raise exception 'append_events has another definition than it was given';
  end if;
  drop function append_events;
  execute changed;
end
$$;
