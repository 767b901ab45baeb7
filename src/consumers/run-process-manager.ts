import { keepLeading, retryMs } from '../feed/keep-leading.ts';
import { createNewerProgram, type NewerProgram } from '../feed/newer-program.ts';
import { delay } from '../lib/delay.ts';
import type { Database, Executor } from '../postgres/database.ts';
import { toOneLine } from '../postgres/errors.ts';
import type { Leadership } from '../postgres/leadership.ts';
import { type ConsumerLeaderOptions, runConsumerLeader } from './leader.ts';
import { type ConsumerState, findConsumer, restartConsumer, setConsumerError } from './store.ts';

interface RunOptions extends ConsumerLeaderOptions {
  readonly database: Database;
  /** The database over which leases are taken and renewed. */
  readonly keeper: Database;
  /** A UUID of this process. */
  readonly holder: string;
}

const lookMs = 500;
/** The pause after an error that lasts until the program or the database is fixed. */
const faultRetryMs = 5_000;

/**
 * Keeps a process manager running until the signal fires. While another process runs it, waits to
 * take over. Logs every error and tries again without a limit; never throws. At an event that this
 * program cannot read, it leaves the process manager to a newer program, which can.
 */
export function runProcessManager(options: RunOptions, signal: AbortSignal): Promise<void> {
  const { database, keeper, holder, logger, manager } = options;
  const fields = { process: manager.name };
  const newer = createNewerProgram(options);
  const claim = { database, keeper, kind: 'daybook.consumers', holder, logger, signal } as const;
  return keepLeading(claim, {
    subject: 'a process manager is',
    fields,
    newer,
    faultRetryMs,
    async run(executor, leadership) {
      const state = await takeOver(executor, options, leadership);
      if (state === null) return leadership.signal.aborted ? retryMs : faultRetryMs;
      await runConsumerLeader(executor, options, { state, signal: leadership.signal });
      return retryMs;
    },
    onReplaced: () => logger.info(fields, 'a process manager starts again with the restored log'),
    onFault: (error) => saveError(options, error),
    canMove: () => canMove(options, newer),
  });
}

/** Whether this program can read the next event; until then the manager is left to a newer one. */
async function canMove(options: RunOptions, newer: NewerProgram): Promise<boolean> {
  const { database, manager } = options;
  const { checkpoint } = await findConsumer(database, manager.name, manager.version ?? 1);
  const event = newer.eventAfter(checkpoint);
  if (event !== null && newer.isOverdue(checkpoint)) await saveError(options, event);
  return newer.canMove([checkpoint]);
}

/** Waits for the lease. Null if the signal fires, or a newer version has already run it. */
async function takeOver(
  executor: Executor,
  { manager, logger }: RunOptions,
  { signal, take }: Leadership,
): Promise<ConsumerState | null> {
  const { name, version = 1 } = manager;
  const { id } = await findConsumer(executor, name, version);
  while (!(await take([id])).has(id)) {
    await delay(lookMs, signal);
    if (signal.aborted) return null;
  }
  // Read again under the lease: the previous holder may have advanced it in between.
  const state = await findConsumer(executor, name, version);
  if (state.version === version) return state;
  if (state.version > version) {
    const { version: newer } = state;
    logger.warn({ process: name, version: newer }, 'a newer program has run this process manager');
    return null;
  }
  await restartConsumer(executor, id, version);
  return { id, version, checkpoint: 0, error: null };
}

async function saveError({ database, manager, logger }: RunOptions, error: unknown): Promise<void> {
  const { name, version = 1 } = manager;
  try {
    await setConsumerError(database, { name, version }, toOneLine(error));
  } catch (failure) {
    logger.warn({ process: name, err: failure }, "a process manager's error could not be saved");
  }
}
