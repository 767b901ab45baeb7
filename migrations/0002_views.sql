-- Views: every document at every sequence at which it changed.

create table views (
  id integer generated always as identity,
  name text collate "C" not null,
  version integer not null,
  -- building: catching up with the log; live: advanced with the others; parked: failed on an event.
  status text not null default 'building',
  checkpoint bigint not null default 0,
  error jsonb,
  constraint views_pkey primary key (id),
  constraint views_name_version_key unique (name, version),
  constraint views_status_check check (status in ('building', 'live', 'parked'))
) with (fillfactor = 50);

-- The document of a key at sequence s is the row with the greatest sequence up to s.
create table view_documents (
  view_id integer not null,
  key text collate "C" not null,
  sequence bigint not null,
  -- Null: gone.
  document jsonb,
  constraint view_documents_pkey primary key (view_id, key, sequence)
);

-- Moves views forward, all or nothing. Refused with DB004 when a view is not at the checkpoint from
-- which the caller worked: then somebody else has moved it, and the caller's work is void.
create function advance_views(
  view_ids integer[],
  from_checkpoints bigint[],
  to_checkpoints bigint[],
  document_views integer[],
  document_keys text[],
  document_sequences bigint[],
  documents jsonb[],
  block_entries_max integer,
  closed_views integer[],
  closed_lists text[],
  closed_partitions text[],
  closed_positions text[],
  closed_keys text[],
  closed_to bigint[],
  opened_views integer[],
  opened_lists text[],
  opened_partitions text[],
  opened_positions text[],
  opened_keys text[],
  opened_from bigint[],
  opened_to bigint[]
) returns void language plpgsql as $$
declare
  moved integer;
begin
  update views set checkpoint = wanted.to_checkpoint
  from unnest(view_ids, from_checkpoints, to_checkpoints)
    as wanted (id, from_checkpoint, to_checkpoint)
  where views.id = wanted.id and views.checkpoint = wanted.from_checkpoint
    and views.status <> 'parked';
  get diagnostics moved = row_count;
  if moved <> cardinality(view_ids) then
    raise exception 'a view is not at the expected checkpoint' using errcode = 'DB004';
  end if;

  insert into view_documents (view_id, key, sequence, document)
  select * from unnest(document_views, document_keys, document_sequences, documents);

  if cardinality(closed_views) > 0 or cardinality(opened_views) > 0 then
    perform move_entries(
      view_ids, to_checkpoints, block_entries_max,
      closed_views, closed_lists, closed_partitions, closed_positions, closed_keys, closed_to,
      opened_views, opened_lists, opened_partitions, opened_positions, opened_keys, opened_from,
      opened_to
    );
  end if;

  perform pg_notify('daybook_views', '');
end
$$;
