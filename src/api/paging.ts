import { badInput } from './errors.ts';

/** The paging arguments of Relay's connections. */
export interface PagingArgs {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** A parsed page request. */
interface PageRequest<Cursor> {
  readonly after: Cursor | null;
  readonly before: Cursor | null;
  readonly size: number;
  /** Whether to take the last items between the cursors instead of the first. */
  readonly fromEnd: boolean;
}

export const pageSizeDefault = 50;
export const pageSizeMax = 500;

/**
 * Parses paging arguments; throws BAD_USER_INPUT if they are malformed or contradictory. An empty
 * cursor is the beginning or the end of the list, as without a cursor.
 */
export function parsePage<Cursor>(
  { first, after, last, before }: PagingArgs,
  parseCursor: (text: string, name: string) => Cursor | null,
): PageRequest<Cursor> {
  if (first != null && last != null) badInput('first and last must not be given together', 'last');
  const size = first ?? last ?? pageSizeDefault;
  const fromEnd = last != null;
  if (size < 0 || size > pageSizeMax) {
    const rule = `a page must have 0 to ${pageSizeMax} items, not ${size}`;
    badInput(rule, fromEnd ? 'last' : 'first');
  }
  const parse = (name: string, text: string | null | undefined): Cursor | null =>
    text == null || text === ''
      ? null
      : (parseCursor(text, name) ?? badInput(`"${text.slice(0, 50)}" is not a cursor`, name));
  return { after: parse('after', after), before: parse('before', before), size, fromEnd };
}

/**
 * Marks a page as short: there may be more items, and the client continues at the cursor. The page
 * holds every matching item up to that cursor.
 */
export function goingOnAt<Node>(
  { edges, pageInfo }: Connection<Node>,
  { fromEnd }: PageRequest<unknown>,
  cursor: string,
): Connection<Node> {
  const rest = fromEnd
    ? { hasPreviousPage: true, startCursor: cursor }
    : { hasNextPage: true, endCursor: cursor };
  return { edges, pageInfo: { ...pageInfo, ...rest } };
}

/** A page as the connection types resolve it. */
export interface Connection<Node> {
  readonly edges: { readonly cursor: string; readonly node: Node }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/**
 * Creates a connection from the items read for a page. `read` has up to one item more than the
 * page's size, which shows whether there are more. The items are in the order of reading: if the
 * page is read from the end, the last item comes first.
 */
export function toConnection<Item, Node>(
  page: PageRequest<unknown>,
  read: readonly Item[],
  toEdge: (item: Item) => { readonly cursor: string; readonly node: Node },
): Connection<Node> {
  const hasMore = read.length > page.size;
  const edges = read.slice(0, page.size).map(toEdge);
  if (page.fromEnd) edges.reverse();
  return {
    edges,
    pageInfo: {
      hasNextPage: page.fromEnd ? page.before !== null : hasMore,
      hasPreviousPage: page.fromEnd ? hasMore : page.after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
