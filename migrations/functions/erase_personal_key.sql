-- Destroys the data key of the person whose event PersonErased was inserted, in the transaction of
-- the insert. A person without a key gets a row that says that there never will be one. The trigger
-- events_erase_personal_keys calls it.
--
-- Locks the row of the person in personal_keys until the transaction ends. Throws no error.
-- revision 1
create or replace function erase_personal_key() returns trigger language plpgsql as $$
begin
  insert into personal_keys (subject, erased_at)
  values (substr(new.stream_id, length('person-') + 1), new.recorded_at)
  on conflict on constraint personal_keys_pkey do update
  set master_key = null, wrapped_key = null, erased_at = excluded.erased_at
  where personal_keys.erased_at is null;
  return null;
end
$$;
