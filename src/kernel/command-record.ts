import type { CommandTransport } from './command.ts';
import type { JsonObject } from './event.ts';
import type { Role } from './role.ts';

/**
 * What became of a command. `FORBIDDEN`: its actor did not have the right to send it, even if the
 * code says that something does not exist.
 */
export type CommandOutcome = 'ACCEPTED' | 'REJECTED' | 'FORBIDDEN';

/** What was asked, by whom, and what became of it. */
interface RecordedCommand {
  /** The UUID of the command. */
  readonly id: string;
  readonly name: string;
  readonly actor: string;
  /** The roles of the actor when it sent the command. */
  readonly roles: readonly Role[];
  /** How the command reached the server. */
  readonly transport: CommandTransport;
  readonly outcome: CommandOutcome;
  /** The code and the message of a rejection; null if the command was accepted. */
  readonly code: string | null;
  readonly message: string | null;
  readonly eventCount: number;
  readonly idempotencyKey: string | null;
  readonly correlationId: string;
  readonly causationId: string | null;
}

/** The record of a command that is appended with its batch. */
export interface PendingRecord extends RecordedCommand {
  /** The input as a JSON object, see `toInputJson`. */
  readonly input: string;
  /** The accounts that the command names, and those to whose streams its events belong. */
  readonly accountIds: readonly string[];
  /** Those of `accountIds` that are not named in `input`. */
  readonly otherAccountIds: readonly string[];
}

/** The place of a record: the time of its batch, and its index in the batch. */
export interface RecordPlace {
  readonly batch: string;
  readonly index: number;
}

/** A record as the log holds it. */
export interface CommandRecord extends RecordedCommand {
  readonly input: JsonObject;
  readonly accountIds: readonly string[];
  readonly place: RecordPlace;
  /**
   * The sequence of the head right after the command. The last `eventCount` events up to it are
   * those of the command.
   */
  readonly sequence: number;
  /**
   * The time of the last event of the batch up to and including the command's own; if there is
   * none, the time of the batch.
   */
  readonly recordedAt: string;
}
