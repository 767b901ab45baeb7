import { createNewerProgram, type NewerProgram } from '../feed/newer-program.ts';
import { delay } from '../lib/delay.ts';
import { isTransient, LogReplacedError } from '../log/errors.ts';
import type { Database, Executor } from '../postgres/database.ts';
import { toOneLine } from '../postgres/errors.ts';
import { type Leadership, withLeadership } from '../postgres/leadership.ts';
import { type ConsumerLeaderOptions, runConsumerLeader } from './leader.ts';
import { type ConsumerState, findConsumer, restartConsumer, setConsumerError } from './store.ts';

export interface RunOptions extends ConsumerLeaderOptions {
  readonly database: Database;
  /** Where leases are taken and renewed. */
  readonly keeper: Database;
  /** A UUID of this process. */
  readonly holder: string;
}

const lookMs = 500;
const retryMs = 500;
/** A fault does not pass by itself: it waits for a mended program, or a mended database. */
const faultRetryMs = 5_000;

/**
 * Keeps a process manager running until the signal fires: here, or as long as another process runs
 * it, ready to take over. Whatever fails is logged and tried again, for ever; never throws. At an
 * event that this program cannot read it steps back, until a newer one has gone past it.
 */
export async function runProcessManager(options: RunOptions, stopping: AbortSignal): Promise<void> {
  const { database, keeper, holder, logger, manager } = options;
  const { name } = manager;
  const newer = createNewerProgram(options);
  const kind = 'daybook.consumers';
  const claim = { database, keeper, kind, holder, logger, signal: stopping } as const;
  while (!stopping.aborted) {
    let pauseMs = retryMs;
    try {
      pauseMs = await withLeadership(claim, async (executor, leadership) => {
        const { signal } = leadership;
        const state = await takeOver(executor, options, leadership);
        if (state === null) return signal.aborted ? retryMs : faultRetryMs;
        await runConsumerLeader(executor, options, { standing: state, signal });
        return retryMs;
      });
    } catch (error) {
      const isPassing = isTransient(error) || error instanceof LogReplacedError;
      pauseMs = isPassing ? retryMs : faultRetryMs;
      if (newer.note(error)) {
        logger.error({ process: name, reason: toOneLine(error) }, 'left to a newer program');
      } else if (error instanceof LogReplacedError) {
        logger.info({ process: name }, 'a process manager begins again with the restored log');
      } else {
        logger.warn({ process: name, err: error }, 'a process manager stands still; trying again');
        if (!isPassing && !stopping.aborted) await tellError(options, error);
      }
    }
    do await delay(pauseMs, stopping);
    while (!stopping.aborted && !(await canMove(options, newer)));
  }
}

/** Whether the next event can be read here; until then the process manager is left to others. */
async function canMove(options: RunOptions, newer: NewerProgram): Promise<boolean> {
  const { database, manager } = options;
  try {
    const { checkpoint } = await findConsumer(database, manager.name, manager.version ?? 1);
    const event = newer.eventAfter(checkpoint);
    if (event !== null && newer.isOverdue(checkpoint)) await tellError(options, event);
    return await newer.canMove([checkpoint]);
  } catch {
    // The database cannot be reached: the next try says so.
    return true;
  }
}

/** Waits for the right to run it. Null: it is not for us. */
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
  // Read again under the lease: the former holder may have moved it in between.
  const state = await findConsumer(executor, name, version);
  if (state.version === version) return state;
  if (state.version > version) {
    logger.warn({ process: name, version: state.version }, 'a newer program has run this');
    return null;
  }
  await restartConsumer(executor, id, version);
  return { id, version, checkpoint: 0, error: null };
}

async function tellError({ database, manager, logger }: RunOptions, error: unknown): Promise<void> {
  const { name, version = 1 } = manager;
  try {
    await setConsumerError(database, { name, version }, toOneLine(error));
  } catch (failure) {
    logger.warn({ process: name, err: failure }, 'why it stands still could not be kept');
  }
}
