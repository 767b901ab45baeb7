/** The job of the process that sends commands and watches their results. */
export interface LiveJob {
  readonly port: number;
  /** The account that is watched; every second command concerns it. */
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

/** A frame of a subscription. All times are in milliseconds of one clock. */
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
 * The time from sending each command until the first frame that shows it: the frame of its
 * sequence, or a later one if states were coalesced. Frames are in order of sequence. Throws if one
 * is missing.
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
      if (frame === undefined)
        throw new Error(`no frame shows the command at sequence ${sequence}`);
      return frame.at - sentAt;
    });
}
