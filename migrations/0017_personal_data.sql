-- The data keys of personal data. They are wrapped by a master key that is never in the database.

-- The keys that belong to the log itself, by their purpose. The master key that wraps them is the one
-- that wraps new keys of people.
create table ledger_keys (
  purpose text collate "C" not null,
  master_key text collate "C" not null,
  wrapped_key bytea not null,
  constraint ledger_keys_pkey primary key (purpose)
);

-- One key for each person of whom the log has personal texts. Without the key they are unreadable.
create table personal_keys (
  subject text collate "C" not null,
  -- Null once erased, as is the key itself.
  master_key text collate "C",
  wrapped_key bytea,
  created_at timestamptz not null default clock_timestamp(),
  erased_at timestamptz,
  constraint personal_keys_pkey primary key (subject),
  constraint personal_keys_erased_check check (
    (erased_at is null) = (wrapped_key is not null)
    and (master_key is null) = (wrapped_key is null)
  )
);

create index personal_keys_master_key_idx on personal_keys (master_key)
where wrapped_key is not null;

create function erase_personal_key() returns trigger language plpgsql as $$
begin
  insert into personal_keys (subject, erased_at)
  values (substr(new.stream_id, length('person-') + 1), new.recorded_at)
  on conflict on constraint personal_keys_pkey do update
  set master_key = null, wrapped_key = null, erased_at = excluded.erased_at
  where personal_keys.erased_at is null;
  return null;
end
$$;

-- In the transaction that records the event, so that the one is never without the other.
create trigger events_erase_personal_keys after insert on events
  for each row when (new.type = 'PersonErased') execute function erase_personal_key();

-- No one whose key was erased gets a new one.
create trigger personal_keys_stay_erased before update or delete on personal_keys
  for each row when (old.erased_at is not null) execute function refuse_change();
