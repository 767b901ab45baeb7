import type { CommandDefinition, CommandOptions, CommandTransport } from '../kernel/command.ts';
import type { Decider } from '../kernel/decider.ts';
import type { NewEvent, StoredEvent } from '../kernel/event.ts';
import type { PendingEvent, RecordedRejection } from '../kernel/log.ts';
import type { Role } from '../kernel/role.ts';

/**
 * Commands that must be decided in the order in which they were submitted. After a command without
 * an answer, the order is broken: none of the later ones is decided.
 */
export interface CommandOrder {
  isBroken: boolean;
}

/** A command that has been parsed but not decided yet. */
export interface CommandRequest<Input = never> {
  readonly definition: CommandDefinition<Input>;
  readonly input: Input;
  readonly options: CommandOptions;
  readonly actor: string;
  /** The roles of the actor when it sent the command. */
  readonly roles: readonly Role[];
  /** How the command reached the server. */
  readonly transport: CommandTransport;
  /** Null if the command starts a new correlation, identified by the id of the command. */
  readonly correlationId: string | null;
  /** The id of the event that caused this command; null if none did. */
  readonly causationId: string | null;
  /** The order that the command belongs to. Absent: it may be decided before earlier commands. */
  readonly order?: CommandOrder;
}

/** The result of a command. The command was accepted if `rejection` is null. */
export interface CommandResult {
  readonly rejection: RecordedRejection | null;
  /** The recorded events, in order; empty if nothing had to change, and for a dry run. */
  readonly events: readonly StoredEvent[];
  /** Like `events`, but for a dry run the events that it would have recorded. */
  readonly decided: readonly StoredEvent[];
  /** The events that a dry run would record, in order; empty for any other command. */
  readonly proposed: readonly PendingEvent[];
  /** The id of the first stream that it wrote, else of the first that it loaded; null if none. */
  readonly firstStreamId: string | null;
  /** The sequence of the log's head right after the command. */
  readonly sequence: number;
  readonly replayed: boolean;
  readonly dryRun: boolean;
  /**
   * The state of a stream right after the command; null if the command did not load it. Also null
   * for a replayed answer: use `foldStream` instead.
   */
  stateOf<State, Event extends NewEvent>(decider: Decider<State, Event>, id: string): State | null;
}

/** A request that the processor has accepted and not answered yet. */
export interface Submission {
  readonly request: CommandRequest;
  readonly commandId: string;
  /** The ids that were generated for its handler: a repeated run gets the same ids. */
  readonly ids: string[];
  /** Null if there is no idempotency key. The key of a dry run is looked up but never recorded. */
  readonly key: KeyedInput | null;
  /** Until when transient failures are retried, in milliseconds of `performance.now()`. */
  readonly deadline: number;
  resolve(result: CommandResult): void;
  reject(error: unknown): void;
}

/** An idempotency key, and a fingerprint of the command and input with which it is used. */
export interface KeyedInput {
  readonly idempotencyKey: string;
  /** Equal for the same command with equal input. */
  readonly fingerprint: string;
  /** The fingerprint of the same input in older releases. */
  readonly olderFingerprint: string;
}

/** An actor and an idempotency key as one text, to be used as a key of a map. */
export function toKeyText(actor: string, idempotencyKey: string): string {
  return JSON.stringify([actor, idempotencyKey]);
}
