import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventDefinition } from '../kernel/event-definition.ts';
import type { Batch } from '../kernel/log.ts';
import type { Reaction } from '../kernel/reaction.ts';
import { allRoles } from '../kernel/role.ts';
import { newUuid } from '../lib/uuid.ts';
import type { LogStatements } from '../log/log.ts';
import type { KeyRing } from '../personal/key-ring.ts';
import type { DecideOptions } from './attempt.ts';
import { toBatch } from './batch.ts';
import { type Decision, decide, type NeedsEarlier } from './decide.ts';
import { OrderBrokenError } from './errors.ts';
import type { CommandOrder, Submission } from './request.ts';
import { KeysNeeded } from './seal-data.ts';
import type { AnyDecider, CachedStream, StreamCache } from './streams/cache.ts';
import { loadStreams } from './streams/load.ts';
import { createWorkspace, type Workspace } from './streams/workspace.ts';

export interface DecideBatchOptions {
  readonly log: LogStatements;
  readonly definitions: ReadonlyMap<string, EventDefinition>;
  readonly reactions: ReadonlyMap<string, readonly Reaction[]>;
  readonly cache: StreamCache;
  readonly keys: Pick<KeyRing, 'known' | 'find' | 'ensure'>;
  /** See `CommandContext`. */
  readonly stepsMax?: number;
  /** False only where a benchmark compares: the batch then has no records of its commands. */
  readonly recordsCommands?: boolean;
}

/** Decided commands, in the order in which they take effect, and the batch to append for them. */
export interface DecidedBatch {
  readonly decisions: readonly Decision[];
  /** The streams on which the commands were decided, as loaded. */
  readonly bases: ReadonlyMap<string, CachedStream>;
  readonly batch: Batch;
  /** Commands left for the next batch, because this one is full. */
  readonly left: readonly Submission[];
}

/** A batch to which commands can still be added. */
export interface OpenBatch {
  /**
   * Decides commands one after the other, and returns those that are left because the batch is
   * full. Throws if the streams that they need cannot be loaded.
   */
  add(submissions: readonly Submission[]): Promise<readonly Submission[]>;
  /** Whether nothing has been decided yet. */
  isEmpty(): boolean;
  /** The streams that the batch changes, as it leaves them; sequences and times are provisional. */
  changed(): ReadonlyMap<string, CachedStream>;
  decided(): DecidedBatch;
}

const loadRoundsMax = 1_000;
/** A batch with this many events is full, so that deciding, writing and folding it stays short. */
const batchEventsMax = 1_024;
/** After this time the event loop gets a turn before more commands are decided. */
const turnMs = 10;

/** The state of an open batch. */
interface BatchState {
  readonly options: DecideBatchOptions;
  readonly workspace: Workspace;
  readonly decisions: Decision[];
  eventCount: number;
  left: readonly Submission[];
}

/** Opens a batch. `changes`: streams changed by the batch that is being appended now. */
export function openBatch(
  options: DecideBatchOptions,
  changes?: ReadonlyMap<string, CachedStream>,
): OpenBatch {
  const workspace = createWorkspace(options.cache, changes);
  // Read before the first decision: the batch must not be appended under a later epoch.
  const epoch = options.log.epoch();
  const decisions: Decision[] = [];
  const state: BatchState = { options, workspace, decisions, eventCount: 0, left: [] };
  return {
    add: (submissions) => decideAll(state, submissions),
    isEmpty: () => decisions.length === 0,
    changed: () => workspace.changed(),
    decided() {
      const bases = workspace.bases();
      const { recordsCommands = true } = options;
      const batch = toBatch(decisions, { bases, epoch, recordsCommands });
      return { decisions, bases, batch, left: state.left };
    },
  };
}

/** Decides commands and loads their streams, in turns; returns those that are left. */
async function decideAll(
  state: BatchState,
  submissions: readonly Submission[],
): Promise<readonly Submission[]> {
  const { workspace } = state;
  const { log, cache, keys } = state.options;
  let open = submissions;
  let waiting: readonly Submission[] = [];
  for (let round = 0; open.length > 0; round += 1) {
    if (round > loadRoundsMax) {
      throw new Error(`a command needs streams to be loaded more than ${loadRoundsMax} times`);
    }
    const turn = decideForOneTurn(state, open, await log.now());
    const { missing, people, deferred, rest, left } = turn;
    if (missing.size > 0) workspace.add(await loadStreams(log, cache, missing));
    if (people.size > 0) await loadKeys(keys, people);
    if (missing.size + people.size === 0 && rest.length > 0) await nextTurn();
    waiting = [...left, ...waiting];
    open = [...deferred, ...rest];
  }
  state.left = [...state.left, ...waiting];
  return waiting;
}

/**
 * Decides the commands. Returns the streams that are missing, the people whose keys are, and the
 * commands that need them (`deferred`), the commands not reached when the turn was over (`rest`),
 * and those not reached because the batch is full (`left`).
 */
function decideForOneTurn(state: BatchState, submissions: readonly Submission[], now: string) {
  const { definitions, reactions, keys, stepsMax } = state.options;
  const steps = stepsMax === undefined ? {} : { stepsMax };
  const decideOptions = { definitions, reactions, keys, now, ...steps };
  const since = performance.now();
  const missing = new Map<string, AnyDecider>();
  const people: NeededKeys = new Map();
  const deferred: Submission[] = [];
  /** The orders of deferred commands: the later commands of these wait as well. */
  const waiting = new Set<CommandOrder>();
  for (const [index, submission] of submissions.entries()) {
    const { order } = submission.request;
    if (order?.isBroken === true) {
      submission.reject(new OrderBrokenError());
      continue;
    }
    if (order !== undefined && waiting.has(order)) {
      deferred.push(submission);
      continue;
    }
    const decision = decideNext(state, submission, decideOptions);
    if (decision === null) {
      return { missing, people, deferred, rest: [], left: submissions.slice(index) };
    }
    if ('submission' in decision) {
      accept(state, decision);
    } else {
      if (decision instanceof KeysNeeded) noteNeeded(people, decision);
      else for (const [streamId, decider] of decision.missing) missing.set(streamId, decider);
      deferred.push(submission);
      if (order !== undefined) waiting.add(order);
    }
    if (performance.now() - since > turnMs) {
      return { missing, people, deferred, rest: submissions.slice(index + 1), left: [] };
    }
  }
  return { missing, people, deferred, rest: [], left: [] };
}

/** The keys that commands need, by person. A key that one of them creates is created. */
type NeededKeys = Map<string, KeysNeeded>;

function noteNeeded(people: NeededKeys, needed: KeysNeeded): void {
  if (people.get(needed.subject)?.creates !== true) people.set(needed.subject, needed);
}

async function loadKeys(keys: DecideBatchOptions['keys'], people: NeededKeys): Promise<void> {
  const all = [...people.values()];
  const created = all.filter(({ creates }) => creates);
  const found = all.filter(({ creates }) => !creates);
  if (created.length > 0) await keys.ensure(created.map(({ subject }) => subject));
  if (found.length > 0) await keys.find(found.map(({ subject }) => subject));
}

/** Decides a command after the commands that it needs; null if the batch is full. */
function decideNext(state: BatchState, submission: Submission, decideOptions: DecideOptions) {
  while (state.eventCount < batchEventsMax) {
    const decision = decide(submission, state.workspace, decideOptions);
    if (!('earlier' in decision)) return decision;
    const earlier = decide(toEarlier(submission, decision), state.workspace, decideOptions);
    if ('missing' in earlier || earlier instanceof KeysNeeded) return earlier;
    if ('earlier' in earlier || earlier.events.length === 0) {
      const { name } = decision.earlier.definition;
      throw new Error(`${name} was to be decided first, but it records nothing`);
    }
    accept(state, earlier);
  }
  return null;
}

function accept(state: BatchState, decision: Decision): void {
  state.decisions.push(decision);
  if (decision.submission.request.options.dryRun === true) return;
  state.eventCount += decision.events.length;
  state.workspace.accept(decision.touched);
}

/** Wraps the command that another one waits for as if it had been submitted. */
function toEarlier({ deadline }: Submission, { earlier }: NeedsEarlier): Submission {
  const { definition, input, actor } = earlier;
  return {
    request: {
      definition: definition as never,
      input: input as never,
      options: {},
      actor,
      roles: allRoles,
      transport: 'process',
      correlationId: null,
      causationId: null,
    },
    commandId: newUuid(),
    ids: [],
    key: null,
    deadline,
    resolve() {},
    reject() {},
  };
}

/** Decides commands one after the other, and loads the streams that they need. */
export async function decideBatch(
  options: DecideBatchOptions,
  submissions: readonly Submission[],
): Promise<DecidedBatch> {
  const open = openBatch(options);
  await open.add(submissions);
  return open.decided();
}
