import type { ChainedMessage, Message } from './message.ts';

/** The last message on a lane, as the target holds it. The id and the ledger may be unknown. */
export interface LastMessage {
  readonly sequence: number;
  readonly eventId: string | null;
  readonly ledger: string | null;
}

/**
 * The last message of each lane of a target. A lane that has never had a message is absent. Null:
 * all messages of the lane were removed, so the last one is unknown.
 */
export type TargetLanes = ReadonlyMap<string, LastMessage | null>;

/** The partitions of each topic, by the name of the topic: each is a lane. */
export type Partitions = ReadonlyMap<string, readonly string[]>;

/**
 * The system to which a bridge copies the log. The runner makes one call at a time. A call that
 * throws may have had an effect: the runner closes the target, opens another one, and reads its
 * last messages. `BridgeParkedError` parks the bridge.
 */
export interface Target {
  /**
   * Shuts out a predecessor that may still be sending, where the system can do that, and returns
   * the last message of each lane. Null: the system cannot be read, so the bridge continues from
   * its checkpoint.
   */
  last(signal: AbortSignal): Promise<TargetLanes | null>;
  /**
   * The last message of each lane, as `last` returns it, without shutting out a predecessor.
   * Called while there is nothing to send, to notice a system that cannot be reached or has lost
   * messages. Absent if the system cannot be read.
   */
  look?(signal: AbortSignal): Promise<TargetLanes>;
  /** The lane of a message: always the same for a key and a type while the target is open. */
  laneOf(message: Message): string;
  /**
   * The lanes of a target with partitions. The partition of a key depends on their number, which
   * must stay the same. Absent if the target has no partitions.
   */
  readonly partitions?: Partitions;
  /**
   * Sends messages in order. Resolves when the system has acknowledged all of them. If it throws,
   * each lane has received the messages up to some point, and none after it.
   */
  send(messages: readonly ChainedMessage[], signal: AbortSignal): Promise<void>;
  /** Releases all connections; never throws. */
  close(): Promise<void>;
}

/** How to open a target, and what its kind guarantees. */
export interface TargetKind {
  /** How many messages a call of `send` gets at most. */
  readonly batchMax: number;
  /** Whether messages may have the same sequence number, so that the last ones are sent again. */
  readonly sharesSequences?: boolean;
  /** Park the bridge after this long without success; never by default. */
  readonly giveUpAfterMs?: number;
  /** Connects to the target, and creates what is missing there. */
  open(signal: AbortSignal): Promise<Target>;
}
