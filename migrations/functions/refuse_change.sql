-- Refuses the statement that fired it: recorded rows are never changed or deleted. The triggers
-- events_are_immutable, command_outcomes_are_immutable, command_batches_are_immutable and
-- command_terms_are_immutable call it.
--
-- Locks nothing. Always throws DB003.
-- revision 2
create or replace function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% on % is refused: what is recorded stays as it is', tg_op, tg_table_name
    using errcode = 'DB003';
end
$$;
