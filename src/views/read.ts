import type { JsonObject } from '../kernel/event.ts';
import type { Executor, Query } from '../postgres/database.ts';

/** A document as it stood at the sequence for which it was asked. */
export interface DocumentAt {
  readonly key: string;
  readonly document: JsonObject;
  /** Of the event that made it so. */
  readonly sequence: number;
}

const one: Query = {
  name: 'document_at',
  text: `select key, document, sequence from view_documents
    where view_id = $1 and key = $2 and sequence <= $3
    order by sequence desc limit 1`,
};

/** A view's document at a sequence; null when there was none. */
export async function readDocument(
  executor: Executor,
  viewId: number,
  key: string,
  at: number,
): Promise<DocumentAt | null> {
  const [row] = await executor.query<DocumentAt>(one, [viewId, key, at]);
  // A row without a document says that it was gone by then.
  return row === undefined || row.document === null ? null : row;
}

/** A place in a list, as a cursor names it. */
export interface Cursor {
  readonly position: string;
  readonly key: string;
}

export interface ListPage {
  readonly list: string;
  readonly partition: string;
  /** Members that a document must have, besides being in the partition; checked row by row. */
  readonly having: JsonObject;
  /** Strictly between; null: from the list's beginning, to its end. */
  readonly after: Cursor | null;
  readonly before: Cursor | null;
  readonly limit: number;
  readonly descending: boolean;
}

export interface ListedDocument extends DocumentAt {
  readonly position: string;
}

const text = `select entry.key, entry.position, document.document, document.sequence
  from view_entries as entry
  cross join lateral (
    select document, sequence from view_documents
    where view_id = $1 and view_documents.key = entry.key and sequence <= $4
    order by sequence desc limit 1
  ) as document
  where entry.view_id = $1 and list = $2 and partition = $3
    and from_sequence <= $4 and to_sequence > $4
    and (position, entry.key) > ($5, $6) and (position, entry.key) < ($7, $8)
    and document.document @> $9::jsonb`;

const ascending: Query = {
  name: 'list_ascending',
  text: `${text} order by position, entry.key limit $10`,
};
const descending: Query = {
  name: 'list_descending',
  text: `${text} order by position desc, entry.key desc limit $10`,
};

const first: Cursor = { position: '', key: '' };
const last: Cursor = { position: '\u{10ffff}', key: '' };

/** A page of a list of a view as it stood at a sequence. */
export async function readList(
  executor: Executor,
  viewId: number,
  page: ListPage,
  at: number,
): Promise<readonly ListedDocument[]> {
  const { after, before } = page;
  const from = after ?? first;
  const to = before ?? last;
  return executor.query<ListedDocument>(page.descending ? descending : ascending, [
    viewId,
    page.list,
    page.partition,
    at,
    from.position,
    from.key,
    to.position,
    to.key,
    JSON.stringify(page.having),
    page.limit,
  ]);
}
