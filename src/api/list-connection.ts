import type { JsonObject } from '../kernel/event.ts';
import type { View } from '../kernel/view.ts';
import { isCleanText } from '../lib/clean-text.ts';
import type { Cursor } from '../views/read.ts';
import type { ApiContext } from './context.ts';
import { type Connection, type PagingArgs, parsePage, toConnection } from './paging.ts';

export interface ListRequest<Document extends JsonObject> {
  readonly view: View<Document>;
  readonly list: string;
  /** Values of the list's filters; an absent or null one does not narrow. */
  readonly filter: Readonly<Record<string, string | null | undefined>>;
  /** Only what stands at positions that begin so; absent: the whole list. */
  readonly prefix?: string;
  readonly descending?: boolean;
  readonly at: number;
}

/** A page of one of a view's lists as of `at`. */
export async function readListConnection<Document extends JsonObject, Node>(
  context: ApiContext,
  request: ListRequest<Document>,
  paging: PagingArgs,
  toNode: (document: Document, at: number) => Node,
): Promise<Connection<Node>> {
  const { view, list, at, descending = false } = request;
  const page = parsePage(paging, (text) => parseListCursor(text, request.prefix));
  const filter = Object.fromEntries(
    Object.entries(request.filter).filter(
      (member): member is [string, string] => member[1] != null,
    ),
  );
  const [after, before] = descending ? [page.before, page.after] : [page.after, page.before];
  const range = rangeOf(request.prefix);
  const wanted = {
    ...{ list, filter, limit: page.size + 1 },
    ...{ after: after ?? range.after, before: before ?? range.before },
  };
  const read = await context.list(view, { ...wanted, descending: descending !== page.fromEnd }, at);
  return toConnection(page, read, ({ document, position, key }) => ({
    cursor: toListCursor({ position, key }),
    node: toNode(document, at),
  }));
}

function toListCursor({ position, key }: Cursor): string {
  return Buffer.from(JSON.stringify([position, key])).toString('base64url');
}

/** The places of a list whose positions begin with a prefix. */
export function rangeOf(prefix: string | undefined) {
  if (prefix === undefined) return { after: null, before: null };
  return {
    after: { position: prefix, key: '' },
    before: { position: `${prefix}\u{10ffff}`, key: '' },
  };
}

function parseListCursor(text: string, prefix = ''): Cursor | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (!Array.isArray(value) || value.length !== 2) return null;
    const [position, key] = value;
    if (typeof position !== 'string' || typeof key !== 'string') return null;
    if (!position.startsWith(prefix) || !isCleanText(position + key)) return null;
    return { position, key };
  } catch {
    return null;
  }
}
