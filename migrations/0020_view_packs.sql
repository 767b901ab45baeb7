-- The history of views in packs: many versions of documents, or entries of lists, in one compressed
-- row. The versions that are read most, the latest, stay rows of view_documents.

-- Versions of the documents of a view, in the order of key and sequence. Packs do not overlap: a
-- version is in the last pack that begins at or before it.
create table view_document_packs (
  view_id integer not null,
  -- The key and the sequence of the first version.
  key text collate "C" not null,
  sequence bigint not null,
  keys text[] collate "C" not null,
  sequences bigint[] not null,
  -- A null means that the document no longer existed.
  documents json[] not null,
  constraint view_document_packs_pkey primary key (view_id, key, sequence),
  constraint view_document_packs_view_id_fkey
    foreign key (view_id) references views on delete cascade
) with (toast_tuple_target = 128);

-- Entries of a block, in the order of position and key. The block may also have rows.
create table view_entry_packs (
  block bigint not null,
  view_id integer not null,
  positions text[] collate "C" not null,
  keys text[] collate "C" not null,
  from_sequences bigint[] not null,
  to_sequences bigint[] not null,
  constraint view_entry_packs_pkey primary key (block),
  constraint view_entry_packs_view_id_fkey
    foreign key (view_id) references views on delete cascade
) with (toast_tuple_target = 128);

create index view_entry_packs_view_id_idx on view_entry_packs (view_id);

-- Every version of every document of a view, whether it is a row or in a pack.
create view view_document_history as
select view_id, key, sequence, document from view_documents
union all
select pack.view_id, version.key collate "C", version.sequence, version.document
from view_document_packs as pack
cross join lateral unnest(pack.keys, pack.sequences, pack.documents)
  as version (key, sequence, document);

-- A pack is compressed, but stays in its table unless it is very large.
alter table view_document_packs
  alter column keys set storage main,
  alter column sequences set storage main,
  alter column documents set storage main;
alter table view_entry_packs
  alter column positions set storage main,
  alter column keys set storage main,
  alter column from_sequences set storage main,
  alter column to_sequences set storage main;

-- Packing deletes rows all the time, and later rows take their place once they are vacuumed.
alter table view_documents set (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000
);
alter table view_entries set (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000
);

-- Versions that were replaced before this sequence may have been removed.
alter table views add column history_from bigint not null default 0;
