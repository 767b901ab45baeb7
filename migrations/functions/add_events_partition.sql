-- Adds the part of the events table for the sequences from first_sequence up to, but not including,
-- end_sequence. Its name is events_ and the first sequence.
--
-- Locks nothing that a reader or an append needs. Throws 42P07 if the part exists.
-- revision 2
create or replace function add_events_partition(first_sequence bigint, end_sequence bigint)
returns void language plpgsql as $$
declare
  name constant text := 'events_' || first_sequence;
begin
  perform create_events_part(name);
  execute format(
    'alter table events attach partition %I for values from (%s) to (%s)',
    name, first_sequence, end_sequence
  );
end
$$;
