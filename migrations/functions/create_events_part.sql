-- Creates a table with the columns, indexes and constraints of events, which can then be attached
-- as its part. Its rows get no update, so autovacuum comes for new rows, and freezes what it reads:
-- no later vacuum has to read that again.
--
-- Locks nothing that a reader or an append needs. Throws 42P07 if the table exists.
-- revision 1
create or replace function create_events_part(name text) returns void language plpgsql as $$
begin
  execute format(
    'create table %I (like events including all) with ('
    'autovacuum_freeze_min_age = 0, '
    'autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 500000, '
    'autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 500000)', name
  );
  execute format(
    'alter table %I add constraint %I unique (stream_id, version), add constraint %I unique (id)',
    name, name || '_stream_id_version_key', name || '_id_key'
  );
  execute format(
    'create trigger events_are_immutable before update or delete or truncate on %I '
    'for each statement execute function refuse_change()', name
  );
end
$$;
