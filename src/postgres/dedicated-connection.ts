import pg from 'pg';
import type { Logger } from '../lib/logger.ts';
import { type ConnectionSettings, toClientConfig } from './client-config.ts';
import { DatabaseStoppedError, DatabaseUnreachableError } from './errors.ts';
import { createClientExecutor, type Executor } from './executor.ts';

/** Connections outside the pool with one user each, so that long work does not occupy the pool. */
interface DedicatedConnections {
  withConnection<T>(work: (executor: Executor, signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Fires the signal of all running work and waits for it. */
  stop(): Promise<void>;
}

/**
 * Creates dedicated connections, which are opened on demand. `Database.withConnection` describes
 * the contract.
 */
export function createDedicatedConnections(
  settings: ConnectionSettings,
  log: Logger,
): DedicatedConnections {
  const underWay = new Map<AbortController, Promise<unknown>>();
  return {
    withConnection(work) {
      const controller = new AbortController();
      const done = runOnConnection(settings, log, { controller, work }).finally(() =>
        underWay.delete(controller),
      );
      underWay.set(controller, done);
      return done;
    },
    async stop() {
      for (const controller of underWay.keys()) controller.abort(new DatabaseStoppedError());
      await Promise.allSettled(underWay.values());
    },
  };
}

interface Run<T> {
  readonly controller: AbortController;
  readonly work: (executor: Executor, signal: AbortSignal) => Promise<T>;
}

async function runOnConnection<T>(
  settings: ConnectionSettings,
  log: Logger,
  { controller, work }: Run<T>,
): Promise<T> {
  const client = new pg.Client(toClientConfig(settings));
  const executor = createClientExecutor(client);
  client.on('error', (error) => {
    log.warn({ err: error }, 'a dedicated database connection was lost');
    controller.abort(error);
  });
  try {
    await client.connect().catch((cause: unknown) => {
      throw new DatabaseUnreachableError(cause);
    });
    return await work(executor, controller.signal);
  } finally {
    executor.close();
    await endClient(client);
  }
}

const goodbyeMs = 500;

/** Ends the session in good order, but destroys the socket if the server does not react in time. */
export async function endClient(client: pg.Client): Promise<void> {
  const deadline = setTimeout(() => client.connection.stream.destroy(), goodbyeMs);
  await client.end();
  clearTimeout(deadline);
}
