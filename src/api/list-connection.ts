import type { JsonObject } from '../kernel/event.ts';
import type { View } from '../kernel/view.ts';
import type { Cursor } from '../views/read.ts';
import type { ApiContext } from './context.ts';
import { type Connection, type PagingArgs, parsePage, toConnection } from './paging.ts';

export interface ListRequest<Document extends JsonObject> {
  readonly view: View<Document>;
  readonly list: string;
  /** Values of the list's filters; an absent or null one does not narrow. */
  readonly filter: Readonly<Record<string, string | null | undefined>>;
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
  const page = parsePage(paging, parseListCursor);
  const filter = Object.fromEntries(
    Object.entries(request.filter).filter(
      (member): member is [string, string] => member[1] != null,
    ),
  );
  const [after, before] = descending ? [page.before, page.after] : [page.after, page.before];
  const wanted = { list, filter, after, before, limit: page.size + 1 };
  const read = await context.list(view, { ...wanted, descending: descending !== page.fromEnd }, at);
  return toConnection(page, read, ({ document, position, key }) => ({
    cursor: toListCursor({ position, key }),
    node: toNode(document, at),
  }));
}

function toListCursor({ position, key }: Cursor): string {
  return Buffer.from(JSON.stringify([position, key])).toString('base64url');
}

function parseListCursor(text: string): Cursor | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (!Array.isArray(value) || value.length !== 2) return null;
    const [position, key] = value;
    if (typeof position !== 'string' || typeof key !== 'string') return null;
    return { position, key };
  } catch {
    return null;
  }
}
