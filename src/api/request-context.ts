import type { CommandTransport } from '../kernel/command.ts';
import type { Moment } from '../kernel/moment.ts';
import type { Role } from '../kernel/role.ts';
import type { GateShare } from '../lib/fair-gate.ts';
import type { ReadPoint } from '../views/read-point.ts';
import type { Reads } from '../views/watching/reads.ts';
import type { ClientReads } from './client-reads.ts';
import { toApiError } from './engine-errors.ts';
import type { EngineParts } from './engine-parts.ts';
import { codedError } from './errors.ts';
import { createNotedReads, type NotedReads } from './noted-reads.ts';
import { createOperationCut } from './operation-cut.ts';
import type { OperationInit } from './operation-init.ts';
import { createPersonalReads, type PersonalReads } from './personal-reads.ts';
import { createViewsWait } from './views-wait.ts';
import { createVisibility, type Visibility } from './visibility.ts';

/**
 * The context of resolvers. An operation reads one cut of the log: each field without `asOf` reads
 * at the sequence number of `pinnedSequence`, and a nested field reads where its parent has read.
 */
export interface RequestContext extends NotedReads, PersonalReads {
  readonly actor: string;
  readonly roles: readonly Role[];
  readonly transport: CommandTransport;
  readonly correlationId: string | null;
  readonly signal: AbortSignal;
  readonly engine: EngineParts;
  /** What the actor may see. */
  readonly visibility: Visibility;
  /**
   * The cut of this operation, fixed by the first call. It is at least the operation's
   * `minSequence` and the last sequence number that this process has returned to the actor. Throws
   * SEQUENCE_NOT_REACHED, and UPGRADE_NEEDED if the views stop before an event that this program
   * cannot read.
   */
  pinnedSequence(): Promise<number>;
  /** Pins a frame at a sequence number at which the views can be read, and notes what it reads. */
  pinAt(sequence: number, reads: Reads): void;
  /** Notes that the answer depends on the head of the log itself, if it is read now. */
  readsHead(at: ReadPoint): void;
  /** Notes that the answer can change although it is of a moment that the operation names. */
  readsPresent(): void;
  /** Throws CANNOT_BE_LIVE in a live query, because what is read is not a state of the log. */
  readsOutsideLog(name: string): void;
  /**
   * Where to read as of a moment; without a moment, at the cut of the operation. `name` is the
   * argument with the moment; `asOf` if omitted.
   */
  readPointOf(asOf: Moment | null | undefined, name?: string): Promise<ReadPoint>;
  /** Waits until the views can be read at a read point. */
  waitForViews(at: ReadPoint): Promise<void>;
  /** Throws BAD_USER_INPUT if a sequence number, in an argument, is beyond the head of the log. */
  assertRecorded(sequence: number, name: string): Promise<void>;
  /** Remembers the sequence number after a command, for the actor and for `extensions`. */
  wrote(sequence: number): void;
  /** Remembers a sequence number that is sent to the actor before the views may show it. */
  shows(sequence: number): void;
  /** The context of one frame, which identical subscriptions share. */
  forFrames(signal: AbortSignal): RequestContext;
  /** The `extensions` of the answer: the sequence number of the operation. */
  extensions(): Readonly<Record<string, unknown>>;
  /** Whether everything that was read is of moments that the operation names, in the same log. */
  isSettled(): boolean;
  /** Runs a read of the database in the actor's fair share; throws its errors unchanged. */
  inTurn<Value>(work: () => Promise<Value>): Promise<Value>;
  /** Runs a read of the database in the actor's fair share; throws the errors for clients. */
  read<Value>(work: (reads: ClientReads) => Promise<Value>): Promise<Value>;
}

/**
 * Creates the context of an operation. `history` identifies the log in which the operation began;
 * if the log is replaced, its frames fail instead of reading from another log.
 */
export function createRequestContext(
  engine: EngineParts,
  init: OperationInit,
  history = engine.feed.history(),
): RequestContext {
  const share: GateShare = { holder: init.actor, part: init, isOver: () => init.signal.aborted };
  const inTurn: RequestContext['inTurn'] = (work) => engine.reads.gate.run(share, work);
  const read: RequestContext['read'] = (work) => guarded(inTurn(() => work(engine.reads)));
  const waitForViews = createViewsWait(engine, { init, history });
  const cut = createOperationCut({ engine, init, read, waitForViews });
  const personal = createPersonalReads(engine.keys, () => noted);
  let writtenAt: number | null = null;
  let noted: Reads | null = null;
  const notedReads = createNotedReads(read, () => noted);
  const visibility = createVisibility({
    ...engine.access,
    caller: init,
    log: engine.log,
    views: notedReads.views,
    now: cut.rightsSequence,
  });
  const isOfToday = () => visibility.wasAsked() || personal.hasRead();
  return {
    actor: init.actor,
    roles: init.roles,
    transport: init.transport,
    correlationId: init.correlationId,
    get signal() {
      return init.signal;
    },
    engine,
    visibility,
    pinnedSequence: cut.pinnedSequence,
    pinAt(sequence, reads) {
      cut.pinAt(sequence);
      noted = reads;
    },
    readsHead(at) {
      if (typeof at === 'number') noted?.head();
    },
    readsPresent: cut.readsPresent,
    readsOutsideLog(name) {
      if (noted === null) return;
      const message = `live cannot watch ${name}, which are not in the log: query them instead`;
      throw codedError('CANNOT_BE_LIVE', message);
    },
    readPointOf: cut.readPointOf,
    assertRecorded: cut.assertRecorded,
    waitForViews,
    wrote(sequence) {
      writtenAt = Math.max(writtenAt ?? 0, sequence);
      engine.answered.note(init.actor, sequence);
    },
    shows: (sequence) => engine.answered.note(init.actor, sequence),
    inTurn,
    read,
    ...notedReads,
    ...personal.reads,
    forFrames(signal) {
      const { actor, roles, transport } = init;
      // A frame reads at the sequence number of its event; subscribers that share it may have given
      // different hints.
      const hints = { minSequence: null, correlationId: null };
      return createRequestContext(engine, { actor, roles, transport, signal, ...hints }, history);
    },
    isSettled: () => cut.isSettled() && !isOfToday() && engine.feed.history() === history,
    extensions: () => ({ daybook: { sequence: String(writtenAt ?? cut.shown()) } }),
  };
}

async function guarded<Value>(promise: Promise<Value>): Promise<Value> {
  try {
    return await promise;
  } catch (error) {
    throw toApiError(error);
  }
}
