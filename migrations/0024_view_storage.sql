-- The history of views in less space, and checksums of thinned views.

-- Entries of a block are found by the hash of their key, and sorted when they are read: a block has
-- a few hundred. An index with positions and keys was larger than the entries, and twice as large
-- again once most of them had moved into packs. No constraint takes the place of the primary key:
-- an entry that is there twice is found when it ends, as its end then changes two rows.
create index view_entries_block_key_idx on view_entries (block, hashtext(key));
alter table view_entries drop constraint view_entries_pkey;

-- The keys of a pack whose keys are all UUIDs: 16 bytes each, and not 37. Either is null.
alter table view_entry_packs
  alter column keys drop not null,
  add column ids uuid[],
  alter column ids set storage main,
  add constraint view_entry_packs_keys_check check ((keys is null) <> (ids is null));

-- The sum of the digests of the versions that were thinned; null if none were. Together with the
-- versions that are left, it is the checksum of the view at every sequence from history_from on.
alter table views add column removed_checksum bytea;
