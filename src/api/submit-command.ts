import type { CommandResult } from '../commands/request.ts';
import { type CommandDefinition, type CommandOptions, Forbidden } from '../kernel/command.ts';
import type { RecordedRejection } from '../kernel/log.ts';
import { fromEpochMs, toEpochMs } from '../lib/date-time.ts';
import { toApiError } from './engine-errors.ts';
import { badInput, type InputPath } from './errors.ts';
import type { RequestContext } from './request-context.ts';

/** A time that a client gave, and its path in the input. */
export interface GivenTime {
  readonly time: string | null | undefined;
  readonly path: InputPath;
}

export const keyLengthMax = 200;

/** How far a client's clock may be ahead of ours. A time within this limit counts as now. */
export const aheadMaxMs = 5_000;

/** Submits a command of a client; returns its result as the actor may see it. */
export async function submitCommand<Input>(
  context: RequestContext,
  definition: CommandDefinition<Input>,
  input: Input,
  options: CommandOptions & { readonly times?: readonly GivenTime[] },
): Promise<CommandResult> {
  const result = await submit(context, definition, input, options);
  return toShown(context, definition, input, result);
}

/**
 * The result as the actor may see it. The events of a dry run do not show what it would trigger for
 * others, such as their stop orders. A recorded rejection says nothing of what the actor may not
 * see any more.
 */
async function toShown<Input>(
  context: RequestContext,
  definition: CommandDefinition<Input>,
  input: Input,
  result: CommandResult,
): Promise<CommandResult> {
  const { visibility } = context;
  if (visibility.ofAll) return result;
  if (result.dryRun && !result.replayed) {
    return { ...result, decided: await visibility.filter(result.decided) };
  }
  if (!result.replayed || result.rejection === null) return result;
  const asked = await assertRight(context, definition, input);
  const isHidden = asked !== null && asked.code !== Forbidden.code;
  return isHidden ? { ...result, rejection: asked } : result;
}

/** Why the actor may not send a command now; null if it may. */
async function assertRight<Input>(
  context: RequestContext,
  { name, description, rejections, right }: CommandDefinition<Input>,
  input: Input,
): Promise<RecordedRejection | null> {
  const definition = { name, description, rejections, right, handle() {} };
  const { rejection } = await submit(context, definition, input, { dryRun: true });
  return rejection;
}

async function submit<Input>(
  context: RequestContext,
  definition: CommandDefinition<Input>,
  input: Input,
  { times = [], ...fields }: CommandOptions & { readonly times?: readonly GivenTime[] },
): Promise<CommandResult> {
  const { idempotencyKey, expectedVersion, dryRun, occurredAt } = fields;
  if (idempotencyKey != null && (idempotencyKey === '' || idempotencyKey.length > keyLengthMax)) {
    const rule = `1 to ${keyLengthMax} characters, not ${idempotencyKey.length}`;
    badInput(`idempotencyKey must have ${rule}`, 'input', 'idempotencyKey');
  }
  if (expectedVersion != null && expectedVersion < 0) {
    const rule = `expectedVersion must be 0 or more, not ${expectedVersion}`;
    badInput(rule, 'input', 'expectedVersion');
  }
  try {
    await assertNotFuture(context, [{ time: occurredAt, path: ['occurredAt'] }, ...times]);
    const result = await context.engine.processor.submit({
      definition,
      input,
      options: { idempotencyKey, expectedVersion, dryRun, occurredAt },
      actor: context.actor,
      roles: context.roles,
      transport: context.transport,
      correlationId: context.correlationId,
      causationId: null,
    });
    context.wrote(result.sequence);
    context.visibility.after(result);
    return result;
  } catch (error) {
    throw toApiError(error);
  }
}

/** Throws BAD_USER_INPUT if a time is farther ahead of the log's clock than `aheadMaxMs`. */
async function assertNotFuture(
  { engine }: RequestContext,
  times: readonly GivenTime[],
): Promise<void> {
  const given = times.filter(({ time }) => time != null);
  if (given.length === 0) return;
  const now = await engine.log.now();
  // The clock counts milliseconds, so times within the last one are still accepted.
  const end = fromEpochMs(toEpochMs(now) + aheadMaxMs + 1);
  const future = given.find(({ time }) => time != null && time >= end);
  if (future === undefined) return;
  const limit = `more than ${aheadMaxMs / 1_000} s ahead of the server's time`;
  badInput(`occurredAt ${future.time} is ${limit}, ${now}`, 'input', ...future.path);
}
