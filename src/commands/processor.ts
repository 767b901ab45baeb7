import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventDefinition } from '../kernel/event-definition.ts';
import type { Reaction } from '../kernel/reaction.ts';
import type { Logger } from '../lib/logger.ts';
import { newUuid } from '../lib/uuid.ts';
import type { Log } from '../log/log.ts';
import type { KeyRing } from '../personal/key-ring.ts';
import { type CommandQueue, createCommandQueue } from './command-queue.ts';
import { OverloadedError, StoppedError } from './errors.ts';
import { toKeyedInput } from './fingerprint.ts';
import { type OnAppended, rejectAll } from './finish-batch.ts';
import { logAnswer, logFailure } from './log-answer.ts';
import {
  createPendingCommands,
  type PendingCommand,
  type PendingCommands,
} from './pending-commands.ts';
import type { CommandRequest, CommandResult } from './request.ts';
import type { BatchRunnerOptions, OnReplaced } from './run-batch.ts';
import { runQueue } from './run-queue.ts';
import { createStreamCache } from './streams/cache.ts';
import { createSnapshotWriter } from './streams/snapshots.ts';

/** Decides commands one after the other, and appends the events of many in one transaction. */
export interface Processor {
  /**
   * Resolves once the command's events, or its rejection, and its record are durable. Rejects with
   * `OverloadedError`, `StoppedError`, `UnavailableError`, `ContentionError` or `BusyError` if the
   * command has had no effect, and with `OutcomeUnknownError` if that is not known.
   */
  submit<Input>(request: CommandRequest<Input>): Promise<CommandResult>;
  /** Forgets the cached streams, because the log is no longer the one that they were read from. */
  forget(): void;
  /** Stops retrying: commands that fail because of the database are answered with their error. */
  giveUp(): void;
  /** Accepts no more commands, and finishes those that it has. */
  stop(): Promise<void>;
}

export interface ProcessorOptions {
  readonly log: Log;
  readonly definitions: ReadonlyMap<string, EventDefinition>;
  /** The data keys of people, with which personal texts are sealed. */
  readonly keys: Pick<KeyRing, 'known' | 'find' | 'ensure' | 'fingerprint'>;
  /** The reactions, by the type of event that causes them; none by default. */
  readonly reactions?: ReadonlyMap<string, readonly Reaction[]>;
  readonly logger: Logger;
  /** Called with the events of each batch once they are durable. */
  readonly onAppended: OnAppended;
  /** Called when a command finds that the log is no longer the one that was read here. */
  readonly onReplaced?: OnReplaced;
  /** Throws if this program may not decide commands on this log; called at each new epoch. */
  readonly assertDecides?: () => Promise<void>;
  readonly queueMax?: number;
  readonly batchCommandsMax?: number;
  readonly cachedStreamsMax?: number;
  /** See `SnapshotOptions`. */
  readonly snapshotEvery?: number;
  /** See `CommandContext`. */
  readonly stepsMax?: number;
  /** See `DecideBatchOptions`. */
  readonly recordsCommands?: boolean;
  /** How long a command is retried in total while the database cannot be reached. */
  readonly retryTimeoutMs?: number;
}

/**
 * A single writer, modeled on LMAX's business logic processor: while one batch is being appended,
 * the next is decided. Batches therefore grow with the load, and no command waits for a timer.
 */
export function createProcessor(options: ProcessorOptions): Processor {
  const { queueMax = 10_000, batchCommandsMax = 256, cachedStreamsMax = 50_000 } = options;
  const { retryTimeoutMs = 30_000 } = options;
  const abort = new AbortController();
  const queue = createCommandQueue();
  const pending = createPendingCommands();
  const { log, logger, snapshotEvery = 500 } = options;
  const cache = createStreamCache(cachedStreamsMax);
  const snapshots = createSnapshotWriter({ log, logger, snapshotEvery });
  const runner: BatchRunnerOptions = {
    reactions: new Map(),
    onReplaced: () => {},
    assertDecides: async () => {},
    ...options,
    snapshots,
    cache,
    signal: abort.signal,
  };
  const run = createQueueRun({ runner, queue, pending, batchCommandsMax });
  let isStopped = false;

  return {
    submit(request) {
      if (isStopped) return Promise.reject(new StoppedError());
      if (queue.size() >= queueMax) return Promise.reject(new OverloadedError(queueMax));
      return new Promise((resolve, reject) => {
        // The input and its handler are of one type: both belong to the same definition.
        const untyped = request as unknown as CommandRequest;
        const key = toKeyedInput(untyped, options.keys);
        const sinceMs = performance.now();
        const commandId = newUuid();
        const submission: PendingCommand = {
          request: untyped,
          commandId,
          ids: [],
          key,
          deadline: sinceMs + retryTimeoutMs,
          index: 0,
          resolve(result) {
            pending.delete(submission);
            resolve(result);
            logAnswer(logger, { submission, sinceMs }, result);
          },
          reject(error) {
            if (untyped.order !== undefined) untyped.order.isBroken = true;
            pending.delete(submission);
            reject(error);
            logFailure(logger, { submission, sinceMs }, error);
          },
        };
        pending.add(submission);
        queue.push(submission);
        run.start();
      });
    },
    forget: () => cache.clear(),
    giveUp() {
      abort.abort();
    },
    async stop() {
      isStopped = true;
      await run.finished();
      await snapshots.finished();
      abort.abort();
    },
  };
}

interface QueueRunOptions {
  readonly runner: BatchRunnerOptions;
  readonly queue: CommandQueue;
  readonly pending: PendingCommands;
  readonly batchCommandsMax: number;
}

/** Runs the commands of a queue in the background. Call `start` whenever a command is added. */
function createQueueRun({ runner, queue, pending, batchCommandsMax }: QueueRunOptions) {
  let running: Promise<void> | null = null;

  function start(): void {
    // One turn of the event loop lets commands that arrive together share the first batch.
    running ??= nextTurn()
      .then(() => runQueue(runner, queue, batchCommandsMax))
      .catch(failAll)
      .finally(() => {
        running = null;
        if (queue.size() > 0) start();
      });
  }

  /** After an internal error: the outcome of the commands is unknown, so all are rejected. */
  function failAll(error: unknown): void {
    if (pending.size() === 0) runner.logger.error({ err: error }, 'the processor has failed');
    queue.take(queue.size());
    rejectAll(pending.all(), error);
  }

  return {
    start,
    /** Resolves once the queue is empty and its commands are answered. */
    async finished(): Promise<void> {
      while (running !== null) await running;
    },
  };
}
