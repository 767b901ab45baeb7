import type { Processor } from '../commands/processor.ts';
import type { Feed } from '../feed/feed.ts';
import type { ProcessManager } from '../kernel/process-manager.ts';
import type { Logger } from '../lib/logger.ts';
import { newUuid } from '../lib/uuid.ts';
import type { Log } from '../log/log.ts';
import type { Database } from '../postgres/database.ts';
import { runProcessManager } from './run-process-manager.ts';
import { type ConsumerRow, readConsumers } from './store.ts';

/** The consumers of a program: its process managers, each with its own checkpoint. */
export interface Consumers {
  /** Every consumer in the database, no matter which process runs it; read at each call. */
  rows(): Promise<readonly ConsumerRow[]>;
  /** Starts the process managers; does not wait until they have caught up. */
  start(): void;
  /**
   * Stops the process managers. Does not wait for commands: a command that was sent is sent again
   * after the next start. May be called more than once.
   */
  stop(): Promise<void>;
}

interface ConsumersOptions {
  /** Each process manager uses a separate connection in addition to the pool. */
  readonly database: Database;
  /** The database over which leases are taken and renewed; `database` by default. */
  readonly keeper?: Database;
  readonly log: Log;
  readonly feed: Feed;
  readonly processor: Processor;
  readonly logger: Logger;
  readonly managers: readonly ProcessManager[];
}

/** Throws if two process managers have the same name. */
export function createConsumers(options: ConsumersOptions): Consumers {
  const { database, keeper = database, managers } = options;
  assertNames(managers);
  const stopping = new AbortController();
  const holder = newUuid();
  let running: readonly Promise<void>[] = [];
  return {
    rows: () => readConsumers(database),
    start() {
      running = managers.map((manager) =>
        runProcessManager({ ...options, keeper, holder, manager }, stopping.signal),
      );
    },
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

function assertNames(managers: readonly ProcessManager[]): void {
  const names = managers.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`two process managers are named ${twice}`);
}
