-- Adds the part of the events table for the sequences from first_sequence up to, but not including,
-- end_sequence. Its name is events_ and the first sequence.
--
-- Locks nothing that a reader or an append needs. Throws 42P07 if the part exists.
-- revision 1
create or replace function add_events_partition(first_sequence bigint, end_sequence bigint)
returns void language plpgsql as $$
declare
  name constant text := 'events_' || first_sequence;
begin
  execute format('create table %I (like events including all)', name);
  execute format(
    'alter table %I add constraint %I unique (stream_id, version), add constraint %I unique (id)',
    name, name || '_stream_id_version_key', name || '_id_key'
  );
  execute format(
    'create trigger events_are_immutable before update or delete or truncate on %I '
    'for each statement execute function refuse_change()', name
  );
  execute format(
    'alter table events attach partition %I for values from (%s) to (%s)',
    name, first_sequence, end_sequence
  );
end
$$;
