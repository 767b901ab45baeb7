import { oneLine } from '../lib/one-line.ts';
import type { ReadPoint } from '../views/read-point.ts';
import type { Builder } from './builder.ts';
import { parseNodeId } from './node-id.ts';
import type { RequestContext } from './request-context.ts';
import { access } from './root-access.ts';

/** An object that was found by its id; `typename` is the name of its object type. */
interface FoundNode {
  readonly typename: string;
}

/** Finds the node with a key at a read point; null if the key is unknown or of another type. */
type FindNode = (key: string, at: ReadPoint, context: RequestContext) => Promise<FoundNode | null>;

/** Adds the `Node` interface, and `Query.node`, which calls each registered finder in turn. */
export function addNodes(builder: Builder) {
  const finders: FindNode[] = [];
  // Only `Query.node` returns this type, and all other fields return the types that implement it.
  const node = builder.interfaceRef<object>('Node').implement({
    description: 'An object that can be found by its id.',
    resolveType: (found) => (found as FoundNode).typename,
    fields: (t) => ({
      id: t.id({
        description: oneLine`The id of the object at the moment at which it was read, unique among
          objects of all types. It is the key of the object if it was read now. If it was read as of
          a moment, or in an object that was, it is the key, "@" and the sequence number. In the
          answer to a dry run, a UUID follows, and \`node\` cannot find the object.`,
      }),
    }),
  });
  builder.queryField('node', (t) =>
    t.field({
      extensions: access('ACCOUNTS'),
      type: node,
      nullable: true,
      description: oneLine`Returns an object of any type by its id. An id with a moment returns the
        object as of that moment. Null if there is no such object, or if it did not exist then.`,
      args: { id: t.arg.id({ required: true, description: 'The id of the object.' }) },
      resolve: async (_root, { id }, context) => {
        const { key, sequence } = parseNodeId('id', id);
        const moment = sequence === null ? null : ({ kind: 'sequence', sequence } as const);
        const at = await context.readPointOf(moment, 'id');
        for (const find of finders) {
          const found = await find(key, at, context);
          if (found !== null) return found;
        }
        return null;
      },
    }),
  );
  return {
    node,
    register: (find: FindNode) => void finders.push(find),
    /** The description of `id` of a type whose key is also in a field. */
    idDescription: (keyField: string) =>
      oneLine`The id of the object at the moment at which it was read: its ${keyField}, and with
        \`asOf\` also "@" and the sequence number.`,
  };
}

export type Nodes = ReturnType<typeof addNodes>;
