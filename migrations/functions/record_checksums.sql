-- Stores the checksums of views at the checkpoints to which a statement moves them, and those at
-- the marks that they pass, and returns the checkpoints as given. Leaves out a view whose checksum
-- is null: it is not known. The checksums are hexadecimal.
--
-- Locks the rows of the views until the transaction ends. Throws no error.
-- revision 1
create or replace function record_checksums(
  view_ids integer[],
  to_checkpoints bigint[],
  checksums text[],
  mark_views integer[],
  mark_sequences bigint[],
  mark_checksums text[]
) returns bigint[] language plpgsql
set plan_cache_mode = force_generic_plan
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
as $$
begin
  update views set checksum = decode(wanted.checksum, 'hex'),
    checksum_sequence = wanted.to_checkpoint
  from unnest(view_ids, to_checkpoints, checksums) as wanted (id, to_checkpoint, checksum)
  where views.id = wanted.id and wanted.checksum is not null;

  if cardinality(mark_views) > 0 then
    insert into view_checksums (view_id, sequence, checksum)
    select view_id, sequence, decode(checksum, 'hex')
    from unnest(mark_views, mark_sequences, mark_checksums) as mark (view_id, sequence, checksum)
    on conflict on constraint view_checksums_pkey do update set checksum = excluded.checksum;
  end if;
  return to_checkpoints;
end
$$;
