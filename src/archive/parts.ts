import type { Executor, Query } from '../postgres/database.ts';

/** A part of the table events: the sequences from `first` to before `end`. */
export interface EventsPart {
  readonly name: string;
  readonly first: number;
  readonly end: number;
}

const select: Query = {
  name: 'events_parts',
  text: `select name, bounds[1]::bigint as first, bounds[2]::bigint as "end" from (
      select relname as name, regexp_match(
        pg_get_expr(relpartbound, oid), $$FROM \\('(\\d+)'\\) TO \\('(\\d+)'\\)$$
      ) as bounds
      from pg_class join pg_inherits on inhrelid = oid
      where inhparent = 'events'::regclass
    ) as part order by 2`,
};

/** The parts of the table events, in order. */
export async function readParts(executor: Executor): Promise<readonly EventsPart[]> {
  return executor.query<EventsPart>(select);
}

const draftPrefix = 'archive_draft_';
const drafts: Query = {
  name: 'archive_drafts',
  text: `select relname as name from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace
      and starts_with(relname, '${draftPrefix}')`,
};

/** Removes what an archive or a restore that was interrupted has left. */
export async function dropDrafts(executor: Executor): Promise<void> {
  const found = await executor.query<{ readonly name: string }>(drafts);
  for (const { name } of found) await run(executor, `drop table ${name}`);
}

/** Creates a table that will be a part, and returns its name. */
export async function createDraft(
  executor: Executor,
  { first, end }: Omit<EventsPart, 'name'>,
): Promise<string> {
  const name = `${draftPrefix}${whole(first)}`;
  await run(executor, `select create_events_part('${name}')`);
  // With this constraint, attaching the part need not read it.
  const range = `sequence >= ${whole(first)} and sequence < ${whole(end)}`;
  await run(executor, `alter table ${name} add constraint ${name}_range check (${range})`);
  return name;
}

/** Makes a draft a part of the events. The caller has locked the table and begun a transaction. */
export async function attachDraft(
  executor: Executor,
  draft: string,
  { first, end }: Omit<EventsPart, 'name'>,
): Promise<void> {
  const name = `events_${whole(first)}`;
  await run(executor, `alter table ${draft} rename to ${name}`);
  await run(
    executor,
    `alter table events attach partition ${name}
     for values from (${whole(first)}) to (${whole(end)})`,
  );
}

/** Removes a part and its events. The caller has locked the table and begun a transaction. */
export async function dropPart(executor: Executor, { name }: EventsPart): Promise<void> {
  await run(executor, `alter table events detach partition ${name}`);
  await run(executor, `drop table ${name}`);
}

/** Runs a statement whose text has names of tables; the numbers in it are whole. */
export async function run(executor: Executor, text: string): Promise<void> {
  statements += 1;
  await executor.query({ name: `archive_statement_${statements}`, text });
}

let statements = 0;

function whole(value: number): string {
  if (!Number.isSafeInteger(value)) throw new Error(`${value} is not a whole number`);
  return String(value);
}
