import type { Moment } from '../kernel/moment.ts';
import type { Past, ReadPoint } from '../views/read-point.ts';
import type { ClientReads } from './client-reads.ts';
import type { EngineParts } from './engine-parts.ts';
import { badInput } from './errors.ts';
import type { OperationInit } from './operation-init.ts';

/** What an operation needs to find the sequence numbers at which it reads. */
interface CutParts {
  readonly engine: EngineParts;
  readonly init: OperationInit;
  readonly read: <Value>(work: (reads: ClientReads) => Promise<Value>) => Promise<Value>;
  readonly waitForViews: (at: ReadPoint) => Promise<void>;
}

/** The sequence numbers at which the fields of one operation read. */
export function createOperationCut(parts: CutParts) {
  const { engine } = parts;
  const requested = new Map<string, Promise<Past>>();
  const resolved = new Set<number>();
  let pinning: Promise<number> | null = null;
  let pinned: number | null = null;
  let latest: Promise<number> | null = null;
  let readsPresent = false;

  async function pin(): Promise<number> {
    await reachLeast(parts);
    pinned = engine.views.checkpoint();
    return pinned;
  }

  async function resolve(moment: Moment, name: string): Promise<Past> {
    const sequence = await toSequence(parts, moment, name);
    await parts.waitForViews(sequence);
    resolved.add(sequence);
    return { sequence };
  }

  const pinnedSequence = (): Promise<number> => {
    pinning ??= pin();
    return pinning;
  };
  return {
    pinnedSequence,
    /** Pins the operation at a sequence number at which the views can be read. */
    pinAt(sequence: number): void {
      pinned = sequence;
      pinning = Promise.resolve(sequence);
    },
    readPointOf(asOf: Moment | null | undefined, name = 'asOf'): Promise<ReadPoint> {
      if (asOf == null) return pinnedSequence();
      const text = JSON.stringify([name, asOf]);
      const known = requested.get(text) ?? resolve(asOf, name);
      requested.set(text, known);
      return known;
    },
    assertRecorded: (sequence: number, name: string) => assertRecorded(parts, sequence, name),
    /** Where rights are read: at the cut, or if nothing is read there, at the latest state. */
    rightsSequence(): Promise<number> {
      if (pinning !== null) return pinning;
      latest ??= reachLeast(parts).then(() => engine.views.checkpoint());
      return latest;
    },
    /** The sequence number in the answer: that of the operation, or else of its latest moment. */
    shown(): number {
      if (pinned !== null || resolved.size === 0) return pinned ?? engine.views.checkpoint();
      return Math.max(...resolved);
    },
    readsPresent(): void {
      readsPresent = true;
    },
    /** Whether the operation has read only at moments that it has named, for good. */
    isSettled: () => pinning === null && resolved.size > 0 && !readsPresent,
  };
}

/** Waits until the views reach the lowest sequence number at which the operation may read. */
async function reachLeast({ engine, init, waitForViews }: CutParts): Promise<void> {
  // An answer without the event at which the views stop would be silently out of date.
  const stop = engine.views.unreadable()?.sequence ?? 0;
  const answered = engine.answered.leastFor(init.actor);
  const least = Math.max(Number(init.minSequence ?? 0), answered, stop);
  if (least > engine.views.checkpoint()) await waitForViews(least);
}

async function toSequence(parts: CutParts, moment: Moment, name: string): Promise<number> {
  if (moment.kind === 'time') {
    const sequence = await parts.read(({ log }) => log.sequenceAt(moment.time));
    return sequence ?? badInput(`the moment ${moment.time} is in the future`, name);
  }
  await assertRecorded(parts, moment.sequence, name);
  return moment.sequence;
}

async function assertRecorded(
  { engine, read }: CutParts,
  sequence: number,
  name: string,
): Promise<void> {
  if (sequence <= engine.feed.tail()) return;
  const head = (await read(({ log }) => log.head())).sequence;
  if (sequence > head) {
    badInput(`sequence ${sequence} is beyond the head of the log, ${head}`, name);
  }
}
