import type { JsonObject } from '../kernel/event.ts';
import type { View } from '../kernel/view.ts';
import type { FilterValues } from '../views/lists/partition.ts';
import {
  type Cursor,
  compareListPositions,
  type ListedDocument,
  type ListPage,
} from '../views/read.ts';
import type { ReadPoint } from '../views/read-point.ts';
import { createListCursors } from './list-cursor.ts';
import { type Connection, type PagingArgs, parsePage, toConnection } from './paging.ts';
import type { RequestContext } from './request-context.ts';

/** What to read from a view: one of its lists, filtered, at a read point. */
export interface ListRequest<Document extends JsonObject> {
  readonly view: View<Document>;
  readonly list: string;
  /** The values of the list's filters; an absent or null value matches everything. */
  readonly filter: FilterRequest;
  /** Further filters. A document must also match one of them, and can match only one. */
  readonly anyOf?: readonly FilterRequest[];
  /** The prefix of the positions to read. If absent, the whole list is read. */
  readonly prefix?: string;
  readonly descending?: boolean;
  readonly at: ReadPoint;
  /** Reads a page of the list. If absent, it is read from the view as it is. */
  readonly read?: ReadPage<Document>;
}

/** Reads a page of a list, with the documents that the actor may see. */
export type ReadPage<Document extends JsonObject> = (
  page: ListPage,
) => Promise<readonly ListedDocument<Document>[]>;

type FilterRequest = Readonly<Record<string, string | null | undefined>>;

/** Reads a page of a view's list at a read point; throws BAD_USER_INPUT for a wrong cursor. */
export async function readListConnection<Document extends JsonObject, Node>(
  context: RequestContext,
  request: ListRequest<Document>,
  paging: PagingArgs,
  toNode: (document: Document, at: ReadPoint) => Node,
): Promise<Connection<Node>> {
  const { view, list, at, descending = false } = request;
  const filters = (request.anyOf ?? [{}]).map((one) => toFilter(request.filter, one));
  const { prefix = '' } = request;
  const cursors = createListCursors({ list: view.name, order: list, descending, filters, prefix });
  const page = parsePage(paging, cursors.parse);
  const [after, before] = descending ? [page.before, page.after] : [page.after, page.before];
  const range = rangeOf(request.prefix);
  const wanted = {
    list,
    limit: page.size + 1,
    descending: descending !== page.fromEnd,
    after: after ?? range.after,
    before: before ?? range.before,
  };
  const { read = (page: ListPage) => context.views.list(view, page, at) } = request;
  const parts = await Promise.all(filters.map((filter) => read({ filter, ...wanted })));
  return toConnection(page, mergeParts(parts, wanted), ({ document, position, key }) => ({
    cursor: cursors.format({ position, key }),
    node: toNode(document, at),
  }));
}

function toFilter(...filters: readonly FilterRequest[]): FilterValues {
  const members = filters.flatMap((filter) => Object.entries(filter));
  return Object.fromEntries(
    members.filter((member): member is [string, string] => member[1] != null),
  );
}

/** Merges pages with the same sort order, each read with the full limit, into one such page. */
function mergeParts<Item extends Cursor>(
  parts: readonly (readonly Item[])[],
  { limit, descending = false }: Pick<ListPage, 'limit' | 'descending'>,
): readonly Item[] {
  const [only, another] = parts;
  if (only !== undefined && another === undefined) return only;
  const merged = parts.flat().sort(compareListPositions);
  return (descending ? merged.reverse() : merged).slice(0, limit);
}

/** The bounds of the positions that begin with a prefix. */
export function rangeOf(prefix: string | undefined) {
  if (prefix === undefined) return { after: null, before: null };
  return {
    after: { position: prefix, key: '' },
    before: { position: `${prefix}\u{10ffff}`, key: '' },
  };
}
