import SchemaBuilder from '@pothos/core';
import RelayPlugin from '@pothos/plugin-relay';
import type { Json, JsonObject } from '../kernel/event.ts';
import type { Moment } from '../kernel/moment.ts';
import { oneLine } from '../lib/one-line.ts';
import { pageSizeDefault, pageSizeMax } from './paging.ts';
import type { RequestContext } from './request-context.ts';

interface SchemaTypes {
  Context: RequestContext;
  DefaultFieldNullability: false;
  DefaultEdgesNullability: false;
  DefaultNodeNullability: false;
  /** Returned by `Subscription.live`. */
  Objects: { Query: object };
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: string; Output: string };
    Sequence: { Input: number; Output: number };
    Decimal: { Input: string; Output: string };
    Moment: { Input: Moment; Output: Moment };
    JSON: { Input: JsonObject; Output: Json };
  };
}

/** A Pothos builder with the scalars and the context of this API. Each context adds its types. */
export function createBuilder() {
  const builder = new SchemaBuilder<SchemaTypes>({
    plugins: [RelayPlugin],
    defaultFieldNullability: false,
    relay: {
      // Ids are plain entity ids; nodes.ts finds the type that an id belongs to.
      nodeQueryOptions: false,
      nodesQueryOptions: false,
      cursorType: 'String',
      clientMutationId: 'omit',
      nodesOnConnection: { description: 'The items of the page.' },
      ...pagingDescriptions,
    },
  });
  builder.queryType({ description: 'The queries. Most of them can read as of any moment.' });
  builder.mutationType({
    description: 'The commands. Each command is recorded completely or rejected.',
  });
  builder.subscriptionType({ description: 'The live streams of events and of states.' });
  return builder;
}

/** The descriptions of paging, the same for every connection. */
const pagingDescriptions = {
  pageInfoTypeOptions: { description: 'The bounds of a page and whether there may be more items.' },
  hasNextPageFieldOptions: {
    description: oneLine`Whether there may be items after the page. With \`last\`, it is true if
      and only if \`before\` is given.`,
  },
  hasPreviousPageFieldOptions: {
    description: oneLine`Whether there may be items before the page. Without \`last\`, it is true
      if and only if \`after\` is given.`,
  },
  startCursorFieldOptions: {
    description: oneLine`The cursor to pass as \`before\` to read the previous page. It may be
      null if the page is empty.`,
  },
  endCursorFieldOptions: {
    description:
      'The cursor to pass as `after` to read the next page. It may be null if the page is empty.',
  },
  defaultConnectionTypeOptions: { description: 'A page of a list.' },
  defaultEdgeTypeOptions: { description: 'An item of a page, with its cursor.' },
  pageInfoFieldOptions: {
    description: 'The bounds of the page and whether there may be more items.',
  },
  edgesFieldOptions: { description: 'The items of the page with their cursors.', nullable: false },
  nodeFieldOptions: { description: 'The item.', nullable: false },
  cursorFieldOptions: { description: 'The cursor of the item, to pass as `after` or `before`.' },
  firstArgOptions: {
    description: oneLine`The maximum number of items, counted from the beginning: 0 to
      ${pageSizeMax}. The default is ${pageSizeDefault} if neither \`first\` nor \`last\` is
      given.`,
  },
  lastArgOptions: {
    description: oneLine`The maximum number of items, counted from the end: 0 to ${pageSizeMax}. It
      must not be given together with \`first\`.`,
  },
  afterArgOptions: {
    description:
      'The cursor after which the page begins. If omitted or empty, it begins with the first item.',
  },
  beforeArgOptions: {
    description:
      'The cursor before which the page ends. If omitted or empty, it may end with the last item.',
  },
} as const;

export type Builder = ReturnType<typeof createBuilder>;

/** The type parameters of the builder, for helpers that take its field builders. */
export type ApiTypes = Builder extends PothosSchemaTypes.SchemaBuilder<infer Types> ? Types : never;
