-- Raises the epoch of the log because an event that a process has read is not in the log, and
-- deletes the snapshots of events that are missing, but not of those that are archived. Returns the
-- current epoch. Does not raise it if another process already has, or if the event is in the log.
-- The epoch returned is never one that a process of the lost history knows. Notifies the channel
-- daybook_log if it raises the epoch.
--
-- Locks the row of log_head until the transaction ends. Throws no error.
-- revision 2
create or replace function raise_log_epoch(of_epoch bigint, missing_id uuid) returns bigint
language plpgsql as $$
declare
  head log_head%rowtype;
begin
  select * into strict head from log_head for update;
  if head.epoch > of_epoch
    or head.epoch = of_epoch and exists (select from events where id = missing_id)
  then
    return head.epoch;
  end if;
  update log_head set epoch = of_epoch + 1;
  delete from stream_snapshots as snapshot where not exists (
    select from events
    where events.stream_id = snapshot.stream_id and events.version = snapshot.version
      and (snapshot.last_event_id is null or events.id = snapshot.last_event_id)
  ) and not exists (
    select from archived_streams as archived
    where archived.stream_id = snapshot.stream_id and (
      archived.version > snapshot.version or archived.version = snapshot.version
        and archived.last_event_id = coalesce(snapshot.last_event_id, archived.last_event_id)
    )
  );
  perform pg_notify('daybook_log', head.sequence::text);
  return of_epoch + 1;
end
$$;
