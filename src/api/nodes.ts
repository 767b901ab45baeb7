import { asOfDescription } from './as-of.ts';
import type { Builder } from './builder.ts';
import type { RequestContext } from './request-context.ts';

/** An object with an id; `typename` is the name of its object type. */
interface NodeSource {
  readonly typename: string;
}

/** Finds the node of an id at a sequence number; null if the id is unknown or of another type. */
type FindNode = (id: string, at: number, context: RequestContext) => Promise<NodeSource | null>;

/** Adds the `Node` interface, and `Query.node`, which calls each registered finder in turn. */
export function addNodes(builder: Builder) {
  const finders: FindNode[] = [];
  const node = builder.interfaceRef<NodeSource>('Node').implement({
    description: 'An object that can be found by its id.',
    resolveType: ({ typename }) => typename,
    fields: (t) => ({
      id: t.id({ description: 'The id of the object, unique among objects of all types.' }),
    }),
  });
  builder.queryField('node', (t) =>
    t.field({
      type: node,
      nullable: true,
      description:
        'Returns an object of any type by its id, as of a moment. Null if it did not exist then.',
      args: {
        id: t.arg.id({ required: true, description: 'The id of the object.' }),
        asOf: t.arg({ type: 'Moment', description: asOfDescription }),
      },
      resolve: async (_root, { id, asOf }, context) => {
        const at = await context.sequenceOf(asOf);
        for (const find of finders) {
          const found = await find(id, at, context);
          if (found !== null) return found;
        }
        return null;
      },
    }),
  );
  return { node, register: (find: FindNode) => void finders.push(find) };
}

export type Nodes = ReturnType<typeof addNodes>;
