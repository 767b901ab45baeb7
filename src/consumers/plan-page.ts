import type { StoredEvent } from '../kernel/event.ts';
import type { ProcessManager } from '../kernel/process-manager.ts';
import { toOneLine } from '../postgres/errors.ts';
import type { NewTimer } from './store.ts';

/** The resulting timers of a page of events: each key is either cleared or set, and only once. */
interface PlannedPage {
  readonly cleared: readonly string[];
  readonly set: readonly NewTimer[];
}

/** A process manager failed on an event; it stays stopped before that event until it is fixed. */
class PlanError extends Error {
  readonly code = 'PLAN_FAILED';
  constructor(
    readonly sequence: number,
    readonly type: string,
    options: ErrorOptions,
  ) {
    super(`failed on ${type}, event ${sequence}: ${toOneLine(options.cause)}`, options);
  }
}

/** Passes events to a process manager, in order. Pure; throws `PlanError`. */
export function planPage(manager: ProcessManager, events: readonly StoredEvent[]): PlannedPage {
  const timers = new Map<string, NewTimer | null>();
  for (const event of events) {
    for (const { key, dueAt } of planEvent(manager, event)) {
      const { id: eventId, correlationId } = event;
      timers.set(key, dueAt === null ? null : { key, dueAt, eventId, correlationId });
    }
  }
  const cleared: string[] = [];
  const set: NewTimer[] = [];
  for (const [key, timer] of timers) {
    if (timer === null) cleared.push(key);
    else set.push(timer);
  }
  return { cleared, set };
}

function planEvent(manager: ProcessManager, event: StoredEvent) {
  try {
    return manager.plan(event);
  } catch (cause) {
    throw new PlanError(event.sequence, event.type, { cause });
  }
}
