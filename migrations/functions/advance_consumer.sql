-- Moves a consumer to a later checkpoint and changes its timers, all or nothing. A key may occur
-- only once in cleared_keys and set_keys together.
--
-- Locks the consumer's row until the transaction ends. Throws DB005 if the consumer is not at
-- from_checkpoint or not at of_version: another process has moved it, and the caller's work is
-- void.
-- revision 1
create or replace function advance_consumer(
  of_consumer integer,
  of_version integer,
  from_checkpoint bigint,
  to_checkpoint bigint,
  cleared_keys text[],
  set_keys text[],
  set_due_ats timestamptz[],
  set_event_ids uuid[],
  set_correlation_ids text[]
) returns void language plpgsql as $$
begin
  update consumers set checkpoint = to_checkpoint, error = null
  where id = of_consumer and version = of_version and checkpoint = from_checkpoint;
  if not found then
    raise exception 'the consumer is not at the expected checkpoint' using errcode = 'DB005';
  end if;

  if cardinality(cleared_keys) > 0 then
    delete from consumer_timers where consumer_id = of_consumer and key = any (cleared_keys);
  end if;

  if cardinality(set_keys) > 0 then
    insert into consumer_timers (consumer_id, key, due_at, event_id, correlation_id, try_at)
    select of_consumer, timer.key, timer.due_at, timer.event_id, timer.correlation_id, timer.due_at
    from unnest(set_keys, set_due_ats, set_event_ids, set_correlation_ids)
      as timer (key, due_at, event_id, correlation_id)
    on conflict on constraint consumer_timers_pkey do update
    set due_at = excluded.due_at, event_id = excluded.event_id,
      correlation_id = excluded.correlation_id, try_at = excluded.try_at, failures = 0,
      error = null;
  end if;
end
$$;
