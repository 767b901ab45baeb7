import type { CommandDefinition } from './command.ts';
import type { JsonObject, StoredEvent } from './event.ts';

/**
 * What a bounded context does when a time comes: events set and clear timers, and a timer that is
 * due becomes a command. Pure. The engine keeps the timers, and follows the log from a checkpoint of
 * its own: a new process manager works through all of it before its first command.
 *
 * A command is sent until it is answered, accepted or rejected, and under one idempotency key for
 * each key and due time of a timer: however often it is sent, it takes effect once. It may still
 * come when the event that clears the timer has just been recorded, so it looks for itself whether
 * there is anything left to do.
 */
export interface ProcessManager<Input = JsonObject> {
  /** Part of its commands' actor, `process:<name>`. Unique, and never changed. */
  readonly name: string;
  /** Raised when `types` or `plan` change: the timers are then made anew from the log; 1 if absent. */
  readonly version?: number;
  readonly description: string;
  /** The event types that set or clear timers; others never reach it. */
  readonly types: readonly string[];
  /** What an event does to the timers, in order. An error makes it stand still before the event. */
  plan(event: StoredEvent): readonly TimerChange[];
  /**
   * The command of a timer whose time has come by the clock of the database, which is that of
   * `recordedAt`. `CommandContext.now` is another clock and may not be there yet: a command that
   * goes by the time takes `dueAt` in its input.
   */
  due(timer: Timer): DueCommand<Input>;
}

/** A time at which something is to be done about something. */
export interface Timer {
  readonly key: string;
  /** Canonical, as all times: UTC, six fractional digits. */
  readonly dueAt: string;
}

/** Sets the timer of a key, in the place of one that is there; `dueAt` null: clears it. */
export interface TimerChange {
  readonly key: string;
  readonly dueAt: string | null;
}

export interface DueCommand<Input = JsonObject> {
  readonly definition: CommandDefinition<Input>;
  readonly input: Input;
}
