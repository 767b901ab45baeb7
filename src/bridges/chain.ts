import type { ChainedMessage, Message } from './message.ts';

/** The last sequence number on each lane of a target. A lane that is absent has no message. */
export type Lanes = ReadonlyMap<string, number>;

/**
 * Links messages in order: each gets the sequence number of the previous message on its lane.
 * Leaves out messages that are already on their lane. `lanes` is updated to the end of the chain.
 *
 * `shared`: messages may have the same sequence number. Those of the last number on a lane are sent
 * again, because it is not known whether the lane has all of them.
 */
export function chain(
  messages: readonly Message[],
  lanes: Map<string, number>,
  { laneOf, shared }: { readonly laneOf: (message: Message) => string; readonly shared: boolean },
): readonly ChainedMessage[] {
  const chained: ChainedMessage[] = [];
  for (const message of messages) {
    const lane = laneOf(message);
    const previous = lanes.get(lane) ?? 0;
    if (message.sequence < previous || (!shared && message.sequence === previous)) continue;
    const { sequence, eventId, key, attributes, data } = message;
    chained.push({ sequence, eventId, key, attributes, data, lane, previous });
    lanes.set(lane, sequence);
  }
  return chained;
}

/** The result of comparing a message with the last one on the same lane. */
type ChainFinding = 'next' | 'repeated' | 'gap' | 'foreign';

/** What a receiver remembers of a lane: the ledger, and the sequence number of the last message. */
export interface ChainState {
  readonly ledger: string;
  readonly last: number;
}

/** The fields of a message that a receiver compares. */
export interface ChainLink {
  readonly ledger: string;
  readonly sequence: number;
  readonly previous: number;
}

/**
 * The rule for receivers. A message of another ledger is foreign. One that is not after the last
 * message is repeated. One whose `previous` is the last message is next. Any other shows a gap.
 * A receiver that has seen no message yet accepts any first message.
 */
export function checkChain(state: ChainState | null, link: ChainLink): ChainFinding {
  if (state === null) return 'next';
  if (link.ledger !== state.ledger) return 'foreign';
  if (link.sequence <= state.last) return 'repeated';
  return link.previous === state.last ? 'next' : 'gap';
}
