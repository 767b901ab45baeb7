import { withTimeout } from '../lib/with-timeout.ts';
import type { Log } from '../log/log.ts';
import type { Executor } from '../postgres/database.ts';
import { chain } from './chain.ts';
import type { BridgeControl } from './control.ts';
import { callTarget, TargetError } from './errors.ts';
import { createGathering } from './gather.ts';
import { type LogFacts, locate, type Start } from './locate.ts';
import { partsOf } from './page-parts.ts';
import { type BridgeProgress, createProgress } from './progress.ts';
import type { MessagePage, MessageSource } from './source.ts';
import type { BridgeState } from './store.ts';
import type { Target, TargetKind } from './target.ts';

/** A bridge that this process leads, and what it works with. */
interface Delivery {
  /** A separate connection. */
  readonly executor: Executor;
  readonly log: Log;
  readonly ledger: string;
  readonly kind: TargetKind;
  readonly source: MessageSource;
  /** The signal for work: when it fires, the batch in flight is finished and saved. */
  readonly signal: AbortSignal;
  /** The signal after which nothing may be sent. */
  readonly endSignal: AbortSignal;
  /** Called after each batch that the target has acknowledged, and while there is none to send. */
  onWorking(): void;
}

/** How long a page waits for events. An operator's request is noticed within this time. */
const waitMs = 1_000;
/** The progress is saved after this time without events, so that the bridge shows it at once. */
const quietMs = 100;
/** With at least this number of events before it, or a batch of them, a bridge is behind. */
const behindMin = 100;
const openMs = 30_000;
/** How often a target is looked at while there is nothing to send. */
const lookMs = 5_000;

/**
 * Delivers messages until the signal fires or an operator pauses or retries the bridge; then saves
 * the progress. Throws `TargetError` if the target fails, `BridgeParkedError` if the bridge cannot
 * continue, and the errors of the log and the database.
 */
export async function deliver(
  delivery: Delivery,
  state: BridgeState,
  asked: BridgeControl,
): Promise<void> {
  const { kind, endSignal } = delivery;
  const target = await callTarget(() =>
    withTimeout(endSignal, openMs, (signal) => kind.open(signal)),
  );
  try {
    const lanes = await callTarget(() =>
      withTimeout(endSignal, openMs, (signal) => target.last(signal)),
    );
    const facts = await readFacts(delivery);
    const located = await locate(state, lanes, facts, target.partitions);
    const start = kind.sharesSequences === true ? withLastAgain(located, state) : located;
    await run(delivery, { target, isKept: lanes !== null, state, start, asked });
  } finally {
    await target.close();
  }
}

/** Begins at the last sequence number of a lane, of which the lane may not have all messages. */
function withLastAgain({ after, lanes }: Start, state: BridgeState): Start {
  return { after: Math.max(state.beginsAfter, Math.min(after - 1, state.checkpoint)), lanes };
}

async function readFacts({ log, ledger }: Delivery): Promise<LogFacts> {
  const { sequence: head } = await log.head();
  return {
    ledger,
    head,
    async eventIdAt(sequence) {
      const page = { after: sequence - 1, before: sequence + 1, limit: 1 };
      return (await log.events({}, page))[0]?.id ?? null;
    },
  };
}

interface Run {
  readonly target: Target;
  /** Whether the target can be read, so that the checkpoint need not be saved after each batch. */
  readonly isKept: boolean;
  readonly state: BridgeState;
  readonly start: Start;
  readonly asked: BridgeControl;
}

async function run(delivery: Delivery, { target, isKept, ...from }: Run): Promise<void> {
  const { executor, log, signal, source, kind } = delivery;
  const progress = await createProgress({ executor, log, ...from });
  const sending = { target, isKept, progress };
  const gathering = createGathering();
  let { after } = from.start;
  let lookedAt = performance.now();
  let ahead: Promise<MessagePage | null> | null = null;
  while (!signal.aborted && !(await progress.isInterrupted())) {
    await gathering.wait(signal);
    const withinMs = progress.isSaved() ? waitMs : quietMs;
    const page: MessagePage | null = await (ahead ?? source.page(after, withinMs));
    // The signal may have fired while the page was read.
    if (page === null || signal.aborted) break;
    // Compares events: a page may have few messages, because of a filter or as documents.
    const isBehind: boolean = page.behind >= Math.min(behindMin, kind.batchMax);
    gathering.note(page.messages.length, isBehind);
    // A bridge that is behind reads the next page while the target works on this one. At the end
    // of the log it does not: the next page would only have the first events of those to come.
    ahead = isBehind ? readAhead(source, page.end) : null;
    if (!(await sendPage(delivery, sending, page))) break;
    const isIdle = page.messages.length === 0;
    if (!isIdle) lookedAt = performance.now();
    else if (performance.now() - lookedAt >= lookMs) {
      await lookAtTarget(delivery, target, progress.lanes);
      lookedAt = performance.now();
    }
    if (isIdle && page.end === after) {
      await progress.save();
      // With events before it, the bridge is not idle: they cannot be read at the moment.
      if (page.behind === 0) {
        await progress.noteIdle();
        delivery.onWorking();
      }
    }
    after = page.end;
  }
  await progress.save();
}

/** Throws `TargetError` if the target cannot be reached or has lost messages. */
async function lookAtTarget(
  { endSignal }: Delivery,
  target: Target,
  lanes: ReadonlyMap<string, number>,
): Promise<void> {
  if (target.look === undefined) return;
  const found = await callTarget(() =>
    withTimeout(endSignal, openMs, async (signal) => target.look?.(signal)),
  );
  for (const [lane, expected] of lanes) {
    const last = found?.get(lane);
    const actual = last?.sequence ?? 0;
    if (last === null || actual >= expected) continue;
    throw new TargetError(`${lane} has lost messages: it ends at ${actual} instead of ${expected}`);
  }
}

interface Sending extends Pick<Run, 'target' | 'isKept'> {
  readonly progress: BridgeProgress;
}

/** Sends a page in parts. Returns whether all of it was sent: false if the delivery must stop. */
async function sendPage(
  { kind, signal, endSignal, onWorking }: Delivery,
  { target, isKept, progress }: Sending,
  page: MessagePage,
): Promise<boolean> {
  const parts = partsOf(page, kind.batchMax);
  const linking = { laneOf: target.laneOf, shared: kind.sharesSequences === true };
  for (const [index, { messages, end }] of parts.entries()) {
    if (endSignal.aborted) return false;
    // Part by part, so that the saved lanes are those at the saved checkpoint.
    const batch = chain(messages, progress.lanes, linking);
    if (batch.length > 0) {
      await callTarget(() => target.send(batch, endSignal));
      onWorking();
    }
    if (end === null) continue;
    await progress.note(end, batch.at(-1)?.sequence ?? null, { isUrgent: !isKept });
    const isLast = index === parts.length - 1;
    if (!isLast && (signal.aborted || (await progress.isInterrupted()))) return false;
  }
  return true;
}

/** Begins to read a page. An error is thrown where the page is awaited, if it is. */
function readAhead(source: MessageSource, after: number): Promise<MessagePage | null> {
  const reading = source.page(after, waitMs);
  reading.catch(() => {});
  return reading;
}
