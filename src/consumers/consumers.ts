import type { Processor } from '../commands/processor.ts';
import type { Feed } from '../feed/feed.ts';
import type { ProcessManager } from '../kernel/process-manager.ts';
import type { Logger } from '../lib/logger.ts';
import { newUuid } from '../lib/uuid.ts';
import type { Log } from '../log/log.ts';
import type { Database } from '../postgres/database.ts';
import { runProcessManager } from './run-process-manager.ts';
import { type ConsumerRow, readConsumers } from './store.ts';

/** What reacts to events with checkpoints of its own: the process managers of a program. */
export interface Consumers {
  /** Every consumer that the database knows, whichever process runs it: read each time. */
  rows(): Promise<readonly ConsumerRow[]>;
  /** Does not wait until they have caught up. */
  start(): void;
  /** Waits for no command: what was sent is sent again at the next start. May be called again. */
  stop(): Promise<void>;
}

export interface ConsumersOptions {
  /** Each process manager takes a connection of its own beside the pool. */
  readonly database: Database;
  /** Where leases are taken and renewed; `database` when absent. */
  readonly keeper?: Database;
  readonly log: Log;
  readonly feed: Feed;
  readonly processor: Processor;
  readonly logger: Logger;
  readonly managers: readonly ProcessManager[];
}

/** Throws when two process managers have one name. */
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
