import type { CommandDefinition } from './command.ts';
import type { JsonObject, StoredEvent } from './event.ts';

/**
 * What a bounded context does at certain times: events set and clear timers, and a due timer
 * becomes a command. Pure. The engine keeps the timers and follows the log from a separate
 * checkpoint. A new process manager processes the whole log before it sends its first command.
 *
 * A command is sent until it is answered, accepted or rejected. All attempts for the same key and
 * due time of a timer use the same idempotency key, so the command takes effect once. The command
 * may still arrive right after the event that clears the timer was recorded, so it must check
 * whether there is anything left to do.
 */
export interface ProcessManager<Input = JsonObject> {
  /** The actor of its commands is `process:<name>`. Unique, and must never change. */
  readonly name: string;
  /**
   * Must be raised when `types` or `plan` changes: the timers are then rebuilt from the log.
   * Default 1.
   */
  readonly version?: number;
  readonly description: string;
  /** The event types that set or clear timers. `plan` gets no other events. */
  readonly types: readonly string[];
  /**
   * The changes that an event makes to the timers, in order. If `plan` throws, the process manager
   * stops before the event.
   */
  plan(event: StoredEvent): readonly TimerChange[];
  /**
   * The command of a timer that is due by the clock of the database, which also sets `recordedAt`.
   * `CommandContext.now` comes from another clock, which may be behind: a command that depends on
   * the time takes `dueAt` in its input.
   */
  due(timer: Timer): DueCommand<Input>;
}

/** The time at which the process manager acts on the subject that `key` names. */
export interface Timer {
  readonly key: string;
  /** The time in canonical form: UTC, six fractional digits. */
  readonly dueAt: string;
}

/** Sets or replaces the timer of a key; `dueAt` null clears it. */
export interface TimerChange {
  readonly key: string;
  readonly dueAt: string | null;
}

export interface DueCommand<Input = JsonObject> {
  readonly definition: CommandDefinition<Input>;
  readonly input: Input;
}
