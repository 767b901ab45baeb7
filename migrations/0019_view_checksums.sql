-- Checksums of views, and copies of views that are built beside them.

alter table views
  -- Of all rows of documents up to checksum_sequence: see views/building/checksum.ts. It is the
  -- checksum of the view only if that is the checkpoint: programs that know no checksums advance
  -- the checkpoint alone.
  add column checksum bytea,
  add column checksum_sequence bigint,
  -- Of what no program reads, such as the rows before a rebuild: when they may be dropped.
  add column kept_until timestamptz;

-- The checksums of a view at multiples of a fixed number of sequences.
create table view_checksums (
  view_id integer not null,
  sequence bigint not null,
  checksum bytea not null,
  constraint view_checksums_pkey primary key (view_id, sequence)
);
