import { createHash } from 'node:crypto';
import type { Processor } from '../commands/processor.ts';
import type { CommandResult } from '../commands/request.ts';
import { IdempotencyKeyReused } from '../kernel/command.ts';
import type { DueCommand, ProcessManager } from '../kernel/process-manager.ts';
import { allRoles } from '../kernel/role.ts';
import { toCanonicalJson } from '../lib/canonical-json.ts';
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
 * Sends the commands of due timers, up to 250 at a time. Removes the timers whose commands were
 * answered, and postpones those whose commands failed. Returns the number of milliseconds after
 * which to look again; infinity if there is no timer.
 *
 * Returns at once when the signal fires, without waiting for answers. A timer that was not removed
 * stays, so its command is sent again under the same key.
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

/** Returns null if the command was answered, else the error; never throws. */
async function send(options: SendOptions, timer: NewTimer): Promise<string | null> {
  const { logger, manager } = options;
  const { key, dueAt } = timer;
  try {
    const { rejection } = await submit(options, timer, manager.due({ key, dueAt }));
    if (rejection !== null) {
      logger.info({ process: manager.name, key, rejection }, 'the command of a timer was rejected');
    }
    return null;
  } catch (error) {
    logger.warn({ process: manager.name, key, err: error }, 'the command of a timer has failed');
    return toOneLine(error);
  }
}

/**
 * Submits the command of a timer under a key that is derived from the timer. A command that an
 * older version of the process manager, or an older release, has already sent therefore has no
 * second effect. If the key was used for another command, a newer version has changed what it
 * sends: the command is then submitted under a key that also includes a fingerprint of the command.
 */
async function submit(
  { processor, manager }: SendOptions,
  { key, dueAt, eventId, correlationId }: NewTimer,
  due: DueCommand,
): Promise<CommandResult> {
  const submitUnder = (idempotencyKey: string): Promise<CommandResult> =>
    processor.submit({
      definition: due.definition,
      input: due.input,
      options: { idempotencyKey },
      actor: `process:${manager.name}`,
      roles: allRoles,
      transport: 'process',
      correlationId,
      causationId: eventId,
    });
  const timerKey = `${manager.name} ${dueAt} ${key}`;
  const result = await submitUnder(timerKey);
  if (result.rejection?.code !== IdempotencyKeyReused.code) return result;
  return submitUnder(`${timerKey} ${fingerprintOf(due)}`);
}

function fingerprintOf({ definition, input }: DueCommand): string {
  const content = toCanonicalJson([definition.name, input]);
  return createHash('sha256').update(content).digest('base64url');
}
