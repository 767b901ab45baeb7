import type { CommandDefinition, CommandOptions } from '../kernel/command.ts';
import type { Decider } from '../kernel/decider.ts';
import type { NewEvent, StoredEvent } from '../kernel/event.ts';
import type { PendingEvent, RecordedRejection } from '../kernel/log.ts';

/** A command as it comes in: parsed, but not decided. */
export interface CommandRequest<Input = never> {
  readonly definition: CommandDefinition<Input>;
  readonly input: Input;
  readonly options: CommandOptions;
  readonly actor: string;
  /** Null: the command starts a correlation of its own, named by its id. */
  readonly correlationId: string | null;
  /** The event that led to this command, if one did. */
  readonly causationId: string | null;
}

/** What became of a command. Accepted when `rejection` is null. */
export interface CommandResult {
  readonly rejection: RecordedRejection | null;
  /** What the command recorded, in order; empty when it was already so, and for a dry run. */
  readonly events: readonly StoredEvent[];
  /** The same, and for a dry run what it would have recorded. */
  readonly decided: readonly StoredEvent[];
  /** The events that a dry run would record, in order; empty for any other command. */
  readonly proposed: readonly PendingEvent[];
  /** The stream that the command wrote or loaded first; null when it came to none. */
  readonly firstStreamId: string | null;
  /** The log's head right after the command. */
  readonly sequence: number;
  readonly replayed: boolean;
  readonly dryRun: boolean;
  /**
   * The state of a stream right after the command, if the command loaded it. Null for a replayed
   * answer: see `foldStream`.
   */
  stateOf<State, Event extends NewEvent>(decider: Decider<State, Event>, id: string): State | null;
}

/** A request on its way through the processor. */
export interface Submission {
  readonly request: CommandRequest;
  readonly commandId: string;
  /** The ids that its handler has asked for: a repeated run gets the same ones again. */
  readonly ids: string[];
  /** Null: no idempotency key. That of a dry run is looked up and never recorded. */
  readonly key: KeyedInput | null;
  /** Until when the database is tried again for it, whatever fails; as `performance.now()` counts. */
  readonly deadline: number;
  resolve(result: CommandResult): void;
  reject(error: unknown): void;
}

export interface KeyedInput {
  readonly idempotencyKey: string;
  /** Equal for the same command with equal input. */
  readonly fingerprint: string;
}

/** One text for an actor's idempotency key. */
export function toKeyText(actor: string, idempotencyKey: string): string {
  return JSON.stringify([actor, idempotencyKey]);
}
