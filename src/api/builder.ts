import SchemaBuilder from '@pothos/core';
import RelayPlugin from '@pothos/plugin-relay';
import type { JsonObject } from '../kernel/event.ts';
import type { Moment } from '../kernel/moment.ts';
import type { RequestContext } from './request-context.ts';

interface SchemaTypes {
  Context: RequestContext;
  DefaultFieldNullability: false;
  DefaultEdgesNullability: false;
  DefaultNodeNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: string; Output: string };
    Sequence: { Input: number; Output: number };
    Decimal: { Input: string; Output: string };
    Moment: { Input: Moment; Output: Moment };
    JSON: { Input: JsonObject; Output: JsonObject };
  };
}

/** A Pothos builder with the types of this API; every context adds its own to it. */
export function createBuilder() {
  const builder = new SchemaBuilder<SchemaTypes>({
    plugins: [RelayPlugin],
    defaultFieldNullability: false,
    relay: {
      // Ids are the entities' own, in clear: nodes.ts says which type an id belongs to.
      nodeQueryOptions: false,
      nodesQueryOptions: false,
      cursorType: 'String',
      clientMutationId: 'omit',
      edgesFieldOptions: { nullable: false },
      nodeFieldOptions: { nullable: false },
      nodesOnConnection: true,
    },
  });
  builder.queryType({ description: 'Reading, now or as of any moment.' });
  builder.mutationType({ description: 'Commands: each is recorded whole, or refused.' });
  builder.subscriptionType({ description: 'What happens, as it happens.' });
  return builder;
}

export type Builder = ReturnType<typeof createBuilder>;

/** The type parameters of the builder, for helpers that take its field builders. */
export type ApiTypes = Builder extends PothosSchemaTypes.SchemaBuilder<infer Types> ? Types : never;
