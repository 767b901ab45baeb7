/** What is asked of the process that sends commands and watches what comes of them. */
export interface LiveJob {
  readonly port: number;
  /** The account that is watched; every other command concerns it. */
  readonly accountId: string;
  readonly otherIds: readonly string[];
  readonly perSecond: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

export interface Delay {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** From sending a mutation to its answer, and to its frame at either subscriber. */
export interface LiveResult {
  readonly commands: number;
  readonly response: Delay;
  readonly account: Delay;
  readonly events: Delay;
}

/** A frame of a subscription; times are in milliseconds, all of one clock. */
export interface Frame {
  readonly sequence: number;
  readonly at: number;
}

export interface SentCommand {
  readonly index: number;
  readonly sequence: number;
  readonly sentAt: number;
  readonly answeredAt: number;
  readonly isWarmUp: boolean;
}

/**
 * From sending each command to the first frame that shows it: that of its sequence, or of a later
 * one where states were coalesced. Frames come in order of sequence; one that is missing throws.
 */
export function toDelays(
  commands: readonly SentCommand[],
  frames: readonly Frame[],
): readonly number[] {
  let next = 0;
  return commands
    .toSorted((a, b) => a.sequence - b.sequence)
    .map(({ sequence, sentAt }) => {
      while (next < frames.length && (frames[next]?.sequence ?? 0) < sequence) next += 1;
      const frame = frames[next];
      if (frame === undefined) throw new Error(`no frame shows the command of ${sequence}`);
      return frame.at - sentAt;
    });
}
