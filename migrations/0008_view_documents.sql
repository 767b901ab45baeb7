-- Documents as they are written: JSON that is kept as text. Nothing here looks into a document, and
-- to take one apart as jsonb cost more than to store it: 3.3 µs each, now 1.5.

alter table view_documents alter column document type json using document::text::json;

-- The functions that take and give documents, as they were but for the type.
do $$
declare
  name text;
  changed text;
begin
  foreach name in array array['advance_views', 'read_list_ascending', 'read_list_descending'] loop
    changed := pg_get_functiondef(name::regproc);
    changed := replace(changed, 'document jsonb', 'document json');
    -- An array of them, in which null says that the document is gone.
    changed := replace(changed, 'documents jsonb', 'documents json[]');
    changed := replace(changed, $q$nullif(document, 'null')$q$, 'document');
    changed := replace(changed, 'jsonb_array_elements(documents)', 'unnest(documents)');
    if changed ~ 'documents? jsonb|nullif\(document|elements\(documents\)'
      or changed !~ 'document json|documents json\[\].*unnest\(documents\) as document'
    then
      raise exception '% has another definition than it was given', name;
    end if;
    execute format('drop function %I', name);
    execute changed;
  end loop;
end
$$;
