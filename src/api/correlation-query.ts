import { type CausalNode, causalTree } from '../kernel/causal-tree.ts';
import { oneLine } from '../lib/one-line.ts';
import type { Builder } from './builder.ts';
import { type CommandAt, readCorrelatedCommands } from './command-reads.ts';
import type { CommandRecordRef } from './command-record-type.ts';
import { codedError } from './errors.ts';
import { type EventAt, type EventRef, eventAt } from './event-types.ts';
import { parseId } from './input.ts';
import type { RequestContext } from './request-context.ts';
import { access } from './root-access.ts';

type Node = CausalNode<CommandAt, EventAt>;

/** How many commands, and how many events, one tree may have. */
const nodesMax = 5_000;

interface NodeTypes {
  readonly event: EventRef;
  readonly commandRecord: CommandRecordRef;
}

/** Adds Query.correlation. */
export function addCorrelationQuery(builder: Builder, { event, commandRecord }: NodeTypes): void {
  const node = builder.objectRef<Node>('CausalNode');
  node.implement({
    description: 'A command or an event, and what it has caused.',
    fields: (t) => ({
      command: t.expose('command', {
        type: commandRecord,
        nullable: true,
        description: 'The command. Null if the node is an event.',
      }),
      event: t.expose('event', {
        type: event,
        nullable: true,
        description: 'The event. Null if the node is a command.',
      }),
      children: t.field({
        type: [node],
        // Few nodes of a tree have many children, and the whole tree is bounded.
        extensions: { listSize: 2 },
        description: oneLine`Of a command, the events that it recorded; of an event, the commands
          that it caused. An event whose command has no record is below the event that caused the
          command. In the order of recording.`,
        resolve: ({ children }) => [...children],
      }),
    }),
  });
  const tree = builder.objectRef<{ readonly roots: readonly Node[] }>('CausalTree').implement({
    description: 'What was caused by what, of everything that has one correlation id.',
    fields: (t) => ({
      roots: t.field({
        type: [node],
        description: oneLine`The commands and events without a cause that has the correlation id,
          in the order of recording.`,
        resolve: ({ roots }) => [...roots],
      }),
    }),
  });
  builder.queryField('correlation', (t) =>
    t.field({
      extensions: access('LOG'),
      type: tree,
      nullable: true,
      description: oneLine`Returns what was caused by what, of everything that has a correlation id:
        the commands of clients, their events, the commands that processes sent because of these,
        and so on. If more than ${nodesMax} commands or events have it, this field returns a
        TOO_MANY_EVENTS error: read them with Query.events and Query.commands instead.`,
      args: {
        id: t.arg.id({
          required: true,
          description: oneLine`The correlation id. Without one in the request, it is the id of the
            command.`,
        }),
      },
      resolve: async (_root, { id }, context) => {
        context.readsOutsideLog('correlation');
        return { roots: await readTree(context, parseId('id', id)) };
      },
    }),
  );
}

async function readTree(context: RequestContext, correlationId: string): Promise<readonly Node[]> {
  const at = await context.pinnedSequence();
  const page = { after: 0, before: at + 1, limit: nodesMax + 1 };
  const [commands, events] = await Promise.all([
    readCorrelatedCommands(context, correlationId, nodesMax + 1),
    context.events({ correlationId }, page),
  ]);
  if (commands.length > nodesMax || events.length > nodesMax) {
    const rule = `more than ${nodesMax} commands or events have this correlation id`;
    throw codedError('TOO_MANY_EVENTS', `${rule}: read them with Query.events and Query.commands`);
  }
  const shown = await context.visibility.events(events);
  return causalTree(
    commands,
    shown.map((event) => eventAt(event, at)),
  );
}
