import type { ChainedMessage } from '../../src/bridges/message.ts';
import type { LastMessage, Target, TargetKind } from '../../src/bridges/target.ts';

/** What goes wrong at a call of a target. */
export type TargetFault =
  | { readonly at: 'open' | 'last' }
  /** Of each lane, this share of the batch arrives before the call fails: none, some, or all. */
  | { readonly at: 'send'; readonly shares: readonly number[] }
  /** The batch arrives, then the lanes lose this many messages each, and the call fails. */
  | { readonly at: 'send'; readonly lost: readonly number[] }
  /** The batch arrives while the program begins to stop. */
  | { readonly at: 'send'; readonly stop: true };

interface ModelOptions {
  readonly laneCount: number;
  readonly batchMax: number;
  /** Whether the system can say what it has. */
  readonly isKept: boolean;
  /** Faults in order: each comes at the next call of its kind. */
  readonly faults: readonly TargetFault[];
  readonly ledger: string;
  onStop(): void;
}

/** A system in memory that receives messages, and fails as planned. */
export interface ModelSystem {
  readonly kind: TargetKind;
  /** The messages of each lane. */
  readonly lanes: ReadonlyMap<string, readonly ChainedMessage[]>;
  readonly faultsLeft: () => number;
}

export function createModelSystem(options: ModelOptions): ModelSystem {
  const { laneCount, batchMax, isKept, ledger, onStop } = options;
  const names = Array.from({ length: laneCount }, (_, index) => `lane ${index}`);
  const lanes = new Map(names.map((name): [string, ChainedMessage[]] => [name, []]));
  const faults = [...options.faults];

  function take(at: TargetFault['at']): TargetFault | undefined {
    return faults[0]?.at === at ? faults.shift() : undefined;
  }
  function append(messages: readonly ChainedMessage[]): void {
    for (const message of messages) lanes.get(message.lane)?.push(message);
  }
  async function send(messages: readonly ChainedMessage[]): Promise<void> {
    const fault = take('send');
    if (fault === undefined || fault.at !== 'send') return append(messages);
    names.forEach((name, index) => {
      const ofLane = messages.filter(({ lane }) => lane === name);
      const share = 'shares' in fault ? (fault.shares[index] ?? 0) : 1;
      append(ofLane.slice(0, Math.round(ofLane.length * share)));
      const lost = 'lost' in fault && isKept ? (fault.lost[index] ?? 0) : 0;
      const all = lanes.get(name);
      all?.splice(Math.max(0, all.length - lost));
    });
    if ('stop' in fault) onStop();
    else throw new Error('a planned failure of send');
  }
  async function open(): Promise<Target> {
    if (take('open')) throw new Error('a planned failure of open');
    return {
      async last() {
        if (take('last')) throw new Error('a planned failure of last');
        return isKept ? lastOf(lanes, ledger) : null;
      },
      laneOf: ({ key }) => names[hash(key) % laneCount] ?? '',
      send,
      close: async () => {},
    };
  }
  return { kind: { batchMax, open }, lanes, faultsLeft: () => faults.length };
}

function lastOf(lanes: ReadonlyMap<string, readonly ChainedMessage[]>, ledger: string) {
  const found = new Map<string, LastMessage>();
  for (const [lane, messages] of lanes) {
    const last = messages.at(-1);
    if (last === undefined) continue;
    found.set(lane, { sequence: last.sequence, eventId: last.eventId, ledger });
  }
  return found;
}

function hash(key: string): number {
  return [...key].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
}
