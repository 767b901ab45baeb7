import type { ExecutionResult } from 'graphql';
import { oneLine } from '../lib/one-line.ts';
import { createReads, type Reads } from '../views/watching/reads.ts';
import type { Watchable } from '../views/watching/watched-state.ts';
import type { Builder } from './builder.ts';
import type { RequestContext } from './request-context.ts';
import { access } from './root-access.ts';
import { latestDescription } from './state-frames.ts';
import { watchState } from './watch-found.ts';

/** What executes the frames of a subscription: the root value of its source. */
export interface FrameExecutor {
  /** The same for identical subscriptions of one actor that are open at the same time. */
  readonly id: string;
  /** Executes the operation with a root value; throws the first error of a field. */
  execute(rootValue: LivePoint): Promise<ExecutionResult>;
}

/** Where a frame of a live query reads, and what it has read. */
interface LivePoint {
  readonly sequence: number;
  readonly reads: Reads;
  /** The names under which the answer has its own sequence number. */
  readonly sequenceNames: Set<string>;
}

/** A frame that its source has already executed. */
export class ExecutedFrame {
  constructor(
    readonly result: ExecutionResult,
    /** The sequence number at which it was read. */
    readonly sequence: number,
  ) {}
}

/** A query can depend on states that change thousands of times a second. */
const framePauseMs = 50;

/**
 * Adds `Subscription.live`. Its type is `Query`, so that a client uses the fields and fragments of
 * its queries, and a normalized cache merges each frame into the answers that it already has.
 */
export function addLiveQuery(builder: Builder): void {
  builder.queryField('sequence', (t) =>
    t.field({
      extensions: access('EVERYONE'),
      type: 'Sequence',
      nullable: true,
      description: oneLine`The sequence number at which the fields of this operation without their
        own \`asOf\` read. Ask again with it as \`asOf\` to get the same answer.`,
      resolve(root, _args, context, { path }) {
        if (root instanceof Object) (root as LivePoint).sequenceNames.add(String(path.key));
        return context.pinnedSequence();
      },
    }),
  );
  builder.subscriptionField('live', (t) =>
    t.field({
      extensions: access('EVERYONE'),
      type: 'Query',
      description: oneLine`Sends the answer to a query first, then the new answer whenever an event
        has changed something that the query reads. Each answer is read at one sequence number,
        which is in \`sequence\` and in extensions.daybook.sequence. No answer is sent if only its
        \`sequence\` has changed. ${latestDescription} The fields views, viewStatus,
        consumers, bridges, commands and command cannot be live.`,
      subscribe: (root, _args, context) => watchQuery(context, root as unknown as FrameExecutor),
      resolve(root, _args, context) {
        const point = root as unknown as LivePoint;
        context.pinAt(point.sequence, point.reads);
        return point;
      },
    }),
  );
}

/** The answer to a query at a sequence. */
interface LiveAnswer {
  readonly result: ExecutionResult;
  readonly reads: Reads;
  /** What a reader sees change. */
  readonly text: string;
}

async function* watchQuery(context: RequestContext, frames: FrameExecutor) {
  const watchable: Watchable<LiveAnswer> = {
    // Not the text of the query: the executor of readers that have left executes nothing more.
    key: `live ${frames.id}`,
    topics: (answer) => answer?.reads.topics() ?? [],
    ranges: (answer) => answer?.reads.ranges() ?? [],
    async read(sequence) {
      const reads = createReads(sequence);
      const sequenceNames = new Set<string>();
      const { data = null } = await frames.execute({ sequence, reads, sequenceNames });
      const result = { data, extensions: { daybook: { sequence: String(sequence) } } };
      return { result, reads, text: toText(data, sequenceNames) };
    },
    isNews: (before, after) => before.text !== after.text,
    pauseMs: framePauseMs,
  };
  for await (const { state, sequence } of watchState(context, watchable)) {
    yield new ExecutedFrame(state.result, sequence);
  }
}

/** The answer as text, without its own sequence number. */
function toText(data: ExecutionResult['data'], sequenceNames: ReadonlySet<string>): string {
  const [answer] = Object.values(data ?? {});
  if (sequenceNames.size === 0) return JSON.stringify(answer);
  const entries = Object.entries(answer as object);
  return JSON.stringify(entries.filter(([name]) => !sequenceNames.has(name)));
}
