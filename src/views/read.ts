import type { JsonObject } from '../kernel/event.ts';
import { compareTexts } from '../lib/byte-order.ts';
import { toTextArray } from '../postgres/arrays.ts';
import type { Executor, Query } from '../postgres/database.ts';
import { type FilterValues, toPartition } from './lists/partition.ts';

/** A document as of the requested sequence. */
export interface DocumentAt<Document extends JsonObject = JsonObject> {
  readonly key: string;
  readonly document: Document;
  /** The sequence of the last event that changed it. */
  readonly sequence: number;
}

const documentAt: Query = {
  name: 'document_at',
  text: 'select $2::text as key, document, sequence from document_at($1, $2, $3)',
};

/** The document of a key as of a sequence; null if there was none. */
export async function readDocument(
  executor: Executor,
  viewId: number,
  key: string,
  at: number,
): Promise<DocumentAt | null> {
  const [row] = await executor.query<DocumentAt>(documentAt, [viewId, key, at]);
  // A row without a document means that the document no longer existed.
  return row === undefined || row.document === null ? null : row;
}

const some: Query = {
  name: 'documents_at',
  text: `select ($2::text[])[ordinal] as key, document, sequence
    from documents_at($1, $2::text[], $3) where document is not null order by ordinal`,
};

/** The documents of some keys as of a sequence, in their order; leaves out a key that had none. */
export async function readDocuments(
  executor: Executor,
  viewId: number,
  keys: readonly string[],
  at: number,
): Promise<readonly DocumentAt[]> {
  if (keys.length === 0) return [];
  return executor.query<DocumentAt>(some, [viewId, toTextArray(keys), at]);
}

/** A document from a sequence on; null if it no longer existed. */
export interface DocumentVersion {
  readonly key: string;
  readonly document: JsonObject | null;
  readonly sequence: number;
}

/** The sequences after `after` up to and including `upTo`. */
export interface SequenceRange {
  readonly after: number;
  readonly upTo: number;
}

const versions: Query = {
  name: 'document_versions',
  text: `select wanted.key, found.document, found.sequence
    from unnest($2::text[]) as wanted (key)
    cross join lateral document_versions($1, wanted.key, $3, $4) as found
    order by found.sequence`,
};

/**
 * The versions of the documents of some keys, in order of sequence: for each key the last version
 * before the range, if there is one, and all versions in it.
 */
export async function readVersions(
  executor: Executor,
  viewId: number,
  keys: readonly string[],
  { after, upTo }: SequenceRange,
): Promise<readonly DocumentVersion[]> {
  return executor.query<DocumentVersion>(versions, [viewId, toTextArray(keys), after, upTo]);
}

/** A point in a list, as encoded in a cursor. */
export interface Cursor {
  readonly position: string;
  readonly key: string;
}

/** Compares two points of a list: by position, then by key, in byte order. */
export function compareListPositions(a: Cursor, b: Cursor): number {
  return compareTexts(a.position, b.position) || compareTexts(a.key, b.key);
}

/** A page of a list; it contains documents strictly between `after` and `before`. */
export interface ListPage {
  readonly list: string;
  /** The default is the whole list. */
  readonly filter?: FilterValues;
  /** Further filters, of which a document must match one, and can match only one. */
  readonly anyOf?: readonly FilterValues[];
  /** Null, the default, means the beginning of the list; for `before` it means the end. */
  readonly after?: Cursor | null;
  readonly before?: Cursor | null;
  readonly limit: number;
  readonly descending?: boolean;
}

export interface ListedDocument<Document extends JsonObject = JsonObject>
  extends DocumentAt<Document> {
  readonly position: string;
}

const ascending: Query = {
  name: 'list_ascending',
  text: 'select * from read_list_ascending($1, $2, $3, $4, $5, $6, $7, $8, $9)',
};
const descending: Query = {
  name: 'list_descending',
  text: 'select * from read_list_descending($1, $2, $3, $4, $5, $6, $7, $8, $9)',
};

/** Reads a page of each partition, and then of all of them. */
const toMerged = (direction: 'ascending' | 'descending'): Query => {
  const order = direction === 'ascending' ? 'asc' : 'desc';
  return {
    name: `lists_${direction}`,
    text: `select found.* from unnest($3::text[]) as wanted (partition)
      cross join lateral read_list_${direction}($1, $2, wanted.partition, $4, $5, $6, $7, $8, $9)
        as found
      order by found.position collate "C" ${order}, found.key collate "C" ${order} limit $9`,
  };
};
const mergedAscending = toMerged('ascending');
const mergedDescending = toMerged('descending');

const first: Cursor = { position: '', key: '' };
const last: Cursor = { position: '\u{10ffff}', key: '' };

/** A page of a list of a view as of a sequence. */
export async function readList(
  executor: Executor,
  viewId: number,
  page: ListPage,
  at: number,
): Promise<readonly ListedDocument[]> {
  const { list, filter = {}, anyOf, after, before, limit } = page;
  const [one, many] = page.descending
    ? [descending, mergedDescending]
    : [ascending, mergedAscending];
  const partitions = anyOf?.map((values) => toPartition({ ...filter, ...values }));
  const from = after ?? first;
  const to = before ?? last;
  return executor.query<ListedDocument>(partitions === undefined ? one : many, [
    viewId,
    list,
    partitions === undefined ? toPartition(filter) : toTextArray(partitions),
    at,
    from.position,
    from.key,
    to.position,
    to.key,
    limit,
  ]);
}
