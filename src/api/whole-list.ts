import type { JsonObject } from '../kernel/event.ts';
import type { View } from '../kernel/view.ts';
import type { Cursor, ListedDocument } from '../views/read.ts';
import type { ReadPoint } from '../views/read-point.ts';
import type { Views } from '../views/views.ts';
import { rangeOf } from './list-connection.ts';

export interface WholeListRequest<Document extends JsonObject> {
  readonly view: View<Document>;
  readonly list: string;
  /** Only what stands at positions that begin so; absent: the whole list. */
  readonly prefix?: string;
  /** Reading ends once there are more than so many; absent: with the list. */
  readonly documentsMax?: number;
}

const pageSizeMax = 500;

/** All documents of a list at a read point, page by page: for lists that are known to be short. */
export async function readWholeList<Document extends JsonObject>(
  views: Pick<Views, 'list'>,
  { view, list, prefix, documentsMax = Number.POSITIVE_INFINITY }: WholeListRequest<Document>,
  at: ReadPoint,
): Promise<readonly Document[]> {
  const documents: Document[] = [];
  const { before } = rangeOf(prefix);
  let after: Cursor | null = rangeOf(prefix).after;
  for (;;) {
    const page = { list, filter: {}, after, before, limit: pageSizeMax, descending: false };
    const found: readonly ListedDocument[] = await views.list(view, page, at);
    // The view's own evolve has made the documents: they are of the view's type.
    documents.push(...found.map(({ document }) => document as Document));
    const last = found.at(-1);
    const isDone = last === undefined || found.length < pageSizeMax;
    if (isDone || documents.length > documentsMax) return documents;
    after = { position: last.position, key: last.key };
  }
}
