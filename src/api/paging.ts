import { badInput } from './errors.ts';

/** Relay's paging arguments. */
export interface PagingArgs {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

export interface PageRequest<Cursor> {
  readonly after: Cursor | null;
  readonly before: Cursor | null;
  readonly size: number;
  /** The last ones between the cursors instead of the first. */
  readonly fromEnd: boolean;
}

export const pageSizeDefault = 50;
export const pageSizeMax = 500;

/** A page from its arguments; BAD_USER_INPUT when they are malformed or contradict each other. */
export function parsePage<Cursor>(
  { first, after, last, before }: PagingArgs,
  parseCursor: (text: string) => Cursor | null,
): PageRequest<Cursor> {
  if (first != null && last != null) badInput('a page has first or last, not both');
  const size = first ?? last ?? pageSizeDefault;
  if (size < 0 || size > pageSizeMax) badInput(`a page has 0 to ${pageSizeMax} items, not ${size}`);
  const parse = (text: string | null | undefined): Cursor | null =>
    text == null ? null : (parseCursor(text) ?? badInput(`${text.slice(0, 50)} is not a cursor`));
  return { after: parse(after), before: parse(before), size, fromEnd: last != null };
}

/**
 * A page that was not filled although there may be more: it goes on at a cursor up to which nothing
 * else belongs to it.
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

/** What the connection types need. */
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
 * A connection from what was read for a page: one item more than its size, to see whether there is
 * more, in the order of reading (from the end: the last one first).
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
