import type { Processor } from '../commands/processor.ts';
import type { ProcessManager } from '../kernel/process-manager.ts';
import type { Logger } from '../lib/logger.ts';
import { unlessAborted } from '../lib/unless-aborted.ts';
import type { Executor } from '../postgres/database.ts';
import { toOneLine } from '../postgres/errors.ts';
import type { NewTimer } from './store.ts';
import { postponeTimers, readNextTimers, removeTimers } from './timers.ts';

export interface SendOptions {
  readonly processor: Processor;
  readonly logger: Logger;
  readonly manager: ProcessManager;
}

const timersMax = 250;

/**
 * Sends the commands of timers that are due, some at a time, and removes the timers whose commands
 * were answered; those whose commands failed are put off. Gives in how many milliseconds to look
 * again; infinity: there is no timer.
 *
 * When it ends in between, a command that was sent is sent again, under the same key. It does so
 * when the signal fires, at once: the processor sees to what it has.
 */
export async function sendDue(
  executor: Executor,
  options: SendOptions,
  { consumerId, signal }: { readonly consumerId: number; readonly signal: AbortSignal },
): Promise<number> {
  const timers = await readNextTimers(executor, consumerId, timersMax);
  const due = timers.filter(({ inMs }) => inMs <= 0);
  if (due.length === 0) return timers[0]?.inMs ?? Number.POSITIVE_INFINITY;
  const sending = Promise.all(due.map((timer) => send(options, timer)));
  const errors = await unlessAborted(sending, signal);
  if (errors === null) return 0;
  const answered = due.filter((_timer, index) => errors[index] === null);
  if (answered.length > 0) await removeTimers(executor, consumerId, answered);
  const failed = due.flatMap((timer, index) => {
    const error = errors[index];
    return error == null ? [] : [{ ...timer, error }];
  });
  if (failed.length > 0) await postponeTimers(executor, consumerId, failed);
  return 0;
}

/** Null once the command was answered, else what kept it from that; never throws. */
async function send(
  { processor, logger, manager }: SendOptions,
  timer: NewTimer,
): Promise<string | null> {
  const { key, dueAt, eventId, correlationId } = timer;
  try {
    const { definition, input } = manager.due({ key, dueAt });
    const { rejection } = await processor.submit({
      definition,
      input,
      options: { idempotencyKey: `${manager.name} ${dueAt} ${key}` },
      actor: `process:${manager.name}`,
      correlationId,
      causationId: eventId,
    });
    if (rejection !== null) {
      logger.info({ process: manager.name, key, rejection }, 'the command of a timer was rejected');
    }
    return null;
  } catch (error) {
    logger.warn({ process: manager.name, key, err: error }, 'the command of a timer has failed');
    return toOneLine(error);
  }
}
