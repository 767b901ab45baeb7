import type { ExecutionResult } from 'graphql';
import { oneLine } from '../lib/one-line.ts';
import { createReads, type Reads } from '../views/watching/reads.ts';
import type { Watchable } from '../views/watching/watched-state.ts';
import type { Builder } from './builder.ts';
import type { RequestContext } from './request-context.ts';
import { latestDescription } from './state-frames.ts';
import { watchState } from './watch-found.ts';

/** What executes the frames of a subscription: the root value of its source. */
export interface FrameExecutor {
  /** The same for identical subscriptions of one actor. */
  readonly key: string;
  /** Executes the operation with a root value; throws the first error of a field. */
  execute(rootValue: LivePoint): Promise<ExecutionResult>;
}

/** Where a frame of a live query reads, and what it has read. */
interface LivePoint {
  readonly sequence: number;
  readonly reads: Reads;
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
      type: 'Sequence',
      nullable: true,
      description: oneLine`The sequence number at which the fields of this operation without their
        own \`asOf\` read. Ask again with it as \`asOf\` to get the same answer.`,
      resolve: (_root, _args, context) => context.pinnedSequence(),
    }),
  );
  builder.subscriptionField('live', (t) =>
    t.field({
      type: 'Query',
      description: oneLine`Sends the answer to a query first, then the new answer whenever an event
        has changed something that the query reads. Each answer is read at one sequence number,
        which is in \`sequence\` and in extensions.daybook.sequence. ${latestDescription} The fields
        views, consumers and bridges cannot be live.`,
      subscribe: (root, _args, context) => watchQuery(context, root as unknown as FrameExecutor),
      resolve(root, _args, context) {
        const { sequence, reads } = root as unknown as LivePoint;
        context.pinAt(sequence, reads);
        return {};
      },
    }),
  );
}

/** The answer to a query at a sequence. */
interface LiveAnswer {
  readonly result: ExecutionResult;
  readonly reads: Reads;
  readonly text: string;
}

async function* watchQuery(context: RequestContext, frames: FrameExecutor) {
  const watchable: Watchable<LiveAnswer> = {
    key: `live ${frames.key}`,
    topics: (answer) => answer?.reads.topics() ?? [],
    ranges: (answer) => answer?.reads.ranges() ?? [],
    async read(sequence) {
      const reads = createReads(sequence);
      const { data = null } = await frames.execute({ sequence, reads });
      const result = { data, extensions: { daybook: { sequence: String(sequence) } } };
      return { result, reads, text: JSON.stringify(data) };
    },
    isNews: (before, after) => before.text !== after.text,
    pauseMs: framePauseMs,
  };
  for await (const { state, sequence } of watchState(context, watchable)) {
    yield new ExecutedFrame(state.result, sequence);
  }
}
