import type { JsonObject } from '../kernel/event.ts';
import type { View } from '../kernel/view.ts';
import type { FilterValues } from '../views/lists/partition.ts';
import type { Cursor, ListedDocument } from '../views/read.ts';
import type { ReadPoint } from '../views/read-point.ts';
import type { Views } from '../views/views.ts';
import { rangeOf } from './list-connection.ts';

/** What to read from a view: one of its lists, up to a number of documents. */
interface WholeListRequest<Document extends JsonObject> {
  readonly view: View<Document>;
  readonly list: string;
  readonly filter?: FilterValues;
  /** The prefix of the positions to read. If absent, the whole list is read. */
  readonly prefix?: string;
  /** Reading stops after more than this many documents, or if absent, at the end of the list. */
  readonly documentsMax?: number;
}

const pageSizeMax = 500;

/** Reads all documents of a list at a read point, page by page. Only for short lists. */
export async function readWholeList<Document extends JsonObject>(
  views: Pick<Views, 'list'>,
  {
    view,
    list,
    filter = {},
    prefix,
    documentsMax = Number.POSITIVE_INFINITY,
  }: WholeListRequest<Document>,
  at: ReadPoint,
): Promise<readonly Document[]> {
  const documents: Document[] = [];
  const { before } = rangeOf(prefix);
  let after: Cursor | null = rangeOf(prefix).after;
  for (;;) {
    const page = { list, filter, after, before, limit: pageSizeMax };
    const found: readonly ListedDocument<Document>[] = await views.list(view, page, at);
    documents.push(...found.map(({ document }) => document));
    const last = found.at(-1);
    const isDone = last === undefined || found.length < pageSizeMax;
    if (isDone || documents.length > documentsMax) return documents;
    after = { position: last.position, key: last.key };
  }
}
