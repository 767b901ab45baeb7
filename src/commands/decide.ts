import { type EarlierCommand, VersionConflict } from '../kernel/command.ts';
import type { PendingEvent, RecordedRejection } from '../kernel/log.ts';
import { Rejection, reject } from '../kernel/rejection.ts';
import {
  type Attempt,
  createAttempt,
  createContext,
  type DecideOptions,
  EarlierNeeded,
  StreamsNeeded,
} from './attempt.ts';
import type { Submission } from './request.ts';
import { KeysNeeded } from './seal-data.ts';
import type { AnyDecider, CachedStream } from './streams/cache.ts';
import type { Workspace } from './streams/workspace.ts';

/** A decided command: the events that it would record, and the resulting streams. */
export interface Decision {
  readonly submission: Submission;
  readonly rejection: RecordedRejection | null;
  readonly events: readonly PendingEvent[];
  /** Every stream that the command loaded, after the command. */
  readonly touched: ReadonlyMap<string, CachedStream>;
  /** The decision is valid only if it is recorded before this time; null if it has no limit. */
  readonly validUntil: string | null;
}

/** The streams that the command needs but that are not loaded; its handler was aborted. */
interface NeedsStreams {
  readonly missing: ReadonlyMap<string, AnyDecider>;
}

/** The command that has to be decided before this one; its handler was aborted. */
export interface NeedsEarlier {
  readonly earlier: EarlierCommand;
}

/**
 * Checks the caller's right and runs a command's handler, both on the workspace. Changes no stream
 * of the workspace; it only adds the empty streams of new ids.
 */
export function decide(
  submission: Submission,
  workspace: Workspace,
  options: DecideOptions,
): Decision | NeedsStreams | KeysNeeded | NeedsEarlier {
  const attempt = createAttempt(submission, workspace, options);
  const { definition, input, options: asked } = submission.request;
  const context = createContext(attempt, asked.occurredAt ?? null);
  try {
    definition.right.assert(input, context);
    const target = definition.target?.(input);
    if (target !== undefined && asked.expectedVersion != null) {
      const { version } = context.load(target.decider, target.id);
      assertVersion(target, asked.expectedVersion, version);
    }
    definition.handle(input, context);
    return accepted(attempt);
  } catch (error) {
    if (error instanceof StreamsNeeded || error instanceof EarlierNeeded) return error;
    if (error instanceof KeysNeeded) return error;
    if (error instanceof Rejection) return rejected(attempt, error);
    throw error;
  }
}

function assertVersion(
  { decider, id }: { readonly decider: AnyDecider; readonly id: string },
  expected: number,
  actual: number,
): void {
  if (expected === actual) return;
  const name = `${decider.category} ${id}`;
  const message = `${name} has version ${actual}, not the expected version ${expected}`;
  reject(VersionConflict, message, { expected, actual });
}

function accepted({ submission, events, touched, validUntil }: Attempt): Decision {
  return { submission, rejection: null, events, touched, validUntil };
}

function rejected(
  { submission, events, touched, validUntil }: Attempt,
  { code, message, data, keepsEvents, isForbidden }: Rejection,
): Decision {
  return {
    submission,
    rejection: { code, message, data, ...(isForbidden && { isForbidden }) },
    events: keepsEvents ? events : [],
    touched: keepsEvents ? touched : new Map(),
    validUntil,
  };
}
