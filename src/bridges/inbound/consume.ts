import { UpgradeNeededError } from '../../kernel/upgrade-needed.ts';
import { delay } from '../../lib/delay.ts';
import type { Logger } from '../../lib/logger.ts';
import { unlessAborted } from '../../lib/unless-aborted.ts';
import { withTimeout } from '../../lib/with-timeout.ts';
import { createBackOff } from '../back-off.ts';
import { clearBridgeError, readControl, setBridgeError } from '../control.ts';
import { BridgeParkedError, callTarget } from '../errors.ts';
import type { BridgeTerm } from '../run-bridge.ts';
import { saveInboundProgress } from '../store.ts';
import type { CommandSource, InboundMessage } from './command-source.ts';
import type { InboundBridge } from './inbound.ts';
import type { MutationOutcome, SubmitFailedError } from './submit-mutation.ts';
import { submitWindow } from './submit-window.ts';

/** An inbound bridge that this process leads, and what it works with. */
interface Intake extends BridgeTerm {
  readonly bridge: InboundBridge;
  readonly logger: Logger;
}

const saveMs = 1_000;
const openMs = 30_000;

/**
 * Turns messages into commands until the signal fires or an operator pauses or retries the bridge.
 * A message is acknowledged once the outcome of its command is in the log or, if it was refused,
 * once it is among the dead letters. A command without an answer is submitted again until it has
 * one: nothing is skipped.
 */
export async function consume(intake: Intake): Promise<void> {
  const { bridge, logger, signal, endSignal } = intake;
  const source = await callTarget(() =>
    withTimeout(signal, openMs, (opening) => bridge.source.open(opening)),
  );
  if (source.notice !== undefined) {
    const { name, kind } = bridge.identity;
    logger.warn({ bridge: name, kind, reason: source.notice }, 'a bridge may have missed messages');
  }
  try {
    const progress = createProgress(intake, source);
    while (!signal.aborted && !(await progress.isInterrupted())) {
      const messages = await callSource(intake, () => source.next(endSignal));
      if (messages.length === 0) await progress.noteIdle();
      // Messages without an outcome stay with the source: none after them may be taken.
      if (!(await settle(intake, { source, progress }, messages))) break;
    }
    if (!endSignal.aborted) await progress.save();
  } finally {
    await source.close();
  }
}

/** Calls the source. Throws if the signal fires first: a source may wait long for an answer. */
function callSource<T>({ endSignal }: Intake, call: () => Promise<T>): Promise<T> {
  return callTarget(async () => {
    const answered = call().then((value) => ({ value }));
    const answer = await unlessAborted(answered, endSignal);
    if (answer === null) throw new Error('the source did not answer in time');
    return answer.value;
  });
}

interface Parts {
  readonly source: CommandSource;
  readonly progress: Progress;
}

/**
 * Submits the commands of messages until all are answered and acknowledged. False if work must stop
 * before that.
 */
async function settle(
  intake: Intake,
  { source, progress }: Parts,
  messages: readonly InboundMessage[],
): Promise<boolean> {
  const { bridge, signal, endSignal } = intake;
  const backOff = createBackOff();
  let open = messages;
  while (open.length > 0) {
    const window = await submitWindow(bridge, open, endSignal);
    if (window === null) return false;
    const { outcomes, failure } = window;
    const answered = open.slice(0, outcomes.length);
    await acknowledge(intake, source, { messages: answered, outcomes });
    if (answered.length > 0) {
      await progress.note(outcomes);
      backOff.reset();
    }
    open = open.slice(outcomes.length);
    if (failure === null) continue;
    await noteFailure(intake, failure, open[0]);
    await delay(backOff.next(), signal);
    if (signal.aborted || (await progress.isInterrupted())) return false;
  }
  return true;
}

interface Answered {
  readonly messages: readonly InboundMessage[];
  readonly outcomes: readonly MutationOutcome[];
}

/** Acknowledges messages in order; the refused ones after they are among the dead letters. */
async function acknowledge(
  intake: Intake,
  source: CommandSource,
  { messages, outcomes }: Answered,
): Promise<void> {
  let from = 0;
  for (const [index, message] of messages.entries()) {
    const outcome = outcomes[index];
    if (outcome?.kind !== 'refused') continue;
    // If the dead letter cannot be written, this message and all after it are delivered again.
    await callSource(intake, () => source.acknowledge(messages.slice(from, index)));
    from = index;
    await callSource(intake, () => source.deadLetter(message, outcome));
  }
  await callSource(intake, () => source.acknowledge(messages.slice(from)));
}

/** Saves why the next message has no outcome. Throws if a later attempt here cannot succeed. */
async function noteFailure(
  { executor, state: { id }, bridge, logger, signal }: Intake,
  failure: SubmitFailedError,
  message: InboundMessage | undefined,
): Promise<void> {
  // The program stops, or has lost its lease: the next leader gets the message again.
  if (signal.aborted) return;
  const { reason } = failure;
  const error = `${message?.origin} has no outcome yet: ${reason}: ${failure.message}`;
  if (!failure.isPassing) throw new BridgeParkedError(error);
  // Another process may be newer: it can take the lease.
  if (reason === 'UPGRADE_NEEDED') throw new UpgradeNeededError(failure.message);
  const { name, kind } = bridge.identity;
  logger.warn({ bridge: name, kind, reason: error }, 'a command is submitted again');
  await setBridgeError(executor, id, { error, parked: false });
}

type Progress = ReturnType<typeof createProgress>;

/** The progress of a bridge, saved about once a second. */
function createProgress(intake: Intake, source: CommandSource) {
  const { executor, state, asked, onWorking } = intake;
  const { id } = state;
  let sequence = state.checkpoint;
  let isFailing = asked.failingMs !== null;
  let savedAt = Number.NEGATIVE_INFINITY;

  async function save(): Promise<void> {
    savedAt = performance.now();
    const waiting = await callSource(intake, () => source.waiting());
    await saveInboundProgress(executor, { id, sequence, waiting });
  }
  async function noteSuccess(): Promise<void> {
    onWorking();
    if (!isFailing) return;
    isFailing = false;
    await clearBridgeError(executor, id);
  }
  return {
    save,
    /** Notes commands that were answered and acknowledged. */
    async note(outcomes: readonly MutationOutcome[]): Promise<void> {
      for (const outcome of outcomes) {
        if (outcome.kind === 'accepted') sequence = Math.max(sequence, outcome.sequence);
      }
      await noteSuccess();
    },
    /** Notes that there is nothing to do. */
    noteIdle: noteSuccess,
    /** Whether an operator has asked for something since the work began; saves the progress. */
    async isInterrupted(): Promise<boolean> {
      if (performance.now() - savedAt < saveMs) return false;
      await save();
      const control = await readControl(executor, id);
      isFailing ||= control.failingMs !== null;
      return control.paused || control.parked || control.retries !== asked.retries;
    },
  };
}
