import { withTimeout } from '../lib/with-timeout.ts';
import type { Log } from '../log/log.ts';
import type { Executor } from '../postgres/database.ts';
import { chain } from './chain.ts';
import { callTarget } from './errors.ts';
import { type LogFacts, locate, type Start } from './locate.ts';
import type { MessagePage, MessageSource } from './source.ts';
import {
  advanceBridge,
  type BridgeControl,
  type BridgeState,
  clearBridgeError,
  readControl,
} from './store.ts';
import type { Target, TargetKind } from './target.ts';

/** A bridge that this process leads, and what it works with. */
export interface Delivery {
  /** A connection of its own. */
  readonly executor: Executor;
  readonly log: Log;
  readonly ledger: string;
  readonly kind: TargetKind;
  readonly source: MessageSource;
  /** The signal for work: when it fires, the batch in flight is finished and saved. */
  readonly signal: AbortSignal;
  /** The signal after which nothing may be sent. */
  readonly endSignal: AbortSignal;
  /** Called after each batch that the target has acknowledged. */
  onDelivered(): void;
}

const saveMs = 1_000;
const openMs = 30_000;

/**
 * Delivers messages until the signal fires or an operator pauses or retries the bridge; then saves
 * the progress. Throws `TargetError` if the target fails, `BridgeParkedError` if the bridge cannot
 * go on, and the errors of the log and the database.
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
    const located = await locate(state, lanes, facts);
    const start = kind.sharesSequences === true ? withLastAgain(located, state) : located;
    await run(delivery, { target, isKept: lanes !== null, state, start, asked });
  } finally {
    await target.close();
  }
}

/** Begins at the last sequence number of a lane, of which the lane may not have all messages. */
function withLastAgain({ after, lanes }: Start, { checkpoint }: BridgeState): Start {
  return { after: Math.max(0, Math.min(after - 1, checkpoint)), lanes };
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
  /** Whether the target keeps the position, so that the saved one only saves time. */
  readonly isKept: boolean;
  readonly state: BridgeState;
  readonly start: Start;
  readonly asked: BridgeControl;
}

async function run(delivery: Delivery, { target, isKept, ...from }: Run): Promise<void> {
  const { signal, endSignal, source, kind } = delivery;
  const progress = await createProgress(delivery, from);
  const linking = { laneOf: target.laneOf, shared: kind.sharesSequences === true };
  let { after } = from.start;
  let ahead: Promise<MessagePage | null> | null = null;
  while (!signal.aborted && !(await progress.isInterrupted())) {
    const page: MessagePage | null = await (ahead ?? source.page(after, saveMs));
    if (page === null) break;
    // A bridge that is behind reads the next page while the target works on this one. At the end
    // of the log it does not: the next page would only have the first events of those to come.
    ahead = page.messages.length < kind.batchMax ? null : readAhead(source, page.end);
    const messages = chain(page.messages, progress.lanes, linking);
    for (let index = 0; index < messages.length; index += kind.batchMax) {
      const batch = messages.slice(index, index + kind.batchMax);
      await callTarget(() => target.send(batch, endSignal));
      delivery.onDelivered();
    }
    if (page.messages.length === 0 && page.end === after) await progress.noteIdle();
    after = page.end;
    await progress.note(page, messages.at(-1)?.sequence ?? null, { isUrgent: !isKept });
  }
  await progress.save();
}

/** Begins to read a page. An error is thrown where the page is awaited, if it is. */
function readAhead(source: MessageSource, after: number): Promise<MessagePage | null> {
  const reading = source.page(after, saveMs);
  reading.catch(() => {});
  return reading;
}

/** The progress of a bridge, saved at most once a second if the target keeps it. */
async function createProgress(
  { executor, log }: Delivery,
  { state, start, asked }: Pick<Run, 'state' | 'start' | 'asked'>,
) {
  const { epoch } = await log.head();
  const { id } = state;
  let saved = state.checkpoint;
  let current = { to: start.after, toEventId: null as string | null, delivered: state.delivered };
  let isFailing = asked.failingMs !== null;
  let isDirty = start.after !== saved;
  let savedAt = performance.now();
  let lookedAt = performance.now();

  async function save(): Promise<void> {
    if (!isDirty) return;
    await advanceBridge(executor, { id, from: saved, ...current, epoch, lanes: start.lanes });
    saved = current.to;
    isDirty = false;
    savedAt = performance.now();
  }
  return {
    lanes: start.lanes,
    save,
    async note(
      { end, endEventId }: MessagePage,
      last: number | null,
      { isUrgent }: { readonly isUrgent: boolean },
    ): Promise<void> {
      if (end === current.to) return;
      current = { to: end, toEventId: endEventId, delivered: last ?? current.delivered };
      isDirty = true;
      const isDue = performance.now() - savedAt >= saveMs;
      if (isDue || (isUrgent && last !== null)) await save();
    },
    /** Clears the error of earlier attempts: there is nothing left to deliver. */
    async noteIdle(): Promise<void> {
      if (!isFailing) return;
      isFailing = false;
      await clearBridgeError(executor, id);
    },
    /** Whether an operator has asked for something since the delivery began. */
    async isInterrupted(): Promise<boolean> {
      if (performance.now() - lookedAt < saveMs) return false;
      lookedAt = performance.now();
      await save();
      const control = await readControl(executor, id);
      return control.paused || control.parked || control.retries !== asked.retries;
    },
  };
}
