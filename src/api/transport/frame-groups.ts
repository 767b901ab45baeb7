import type { ExecutionArgs, ExecutionResult } from 'graphql';
import { toSortedJson } from '../../lib/canonical-json.ts';
import { delay } from '../../lib/delay.ts';
import { codedError, isPassing } from '../errors.ts';
import { toFrameText } from './frame-text.ts';

export interface FrameContext {
  /**
   * The context of one frame of a subscription, executed for all of the same actor that are
   * identical to it: without anything that this one alone has asked for, and with the signal of all.
   * Absent: the frames depend on more than that, and each subscription executes its own.
   */
  forFrames?(signal: AbortSignal): FrameContext;
}

/** A subscription, with all that tells whether another one is identical. */
export interface FramedOperation extends ExecutionArgs {
  readonly actor: string;
  /** The text of its document. */
  readonly source: string;
  readonly contextValue: FrameContext;
}

/** One subscription among those that are identical to it. */
export interface GroupMember {
  /**
   * The frame of a payload: executed once for all members that come to the same object. A frame is
   * whole or is not sent, as its reader resumes after it: while a field cannot be read yet, the frame
   * is held back and executed again. Throws the error of a field that can never be read.
   */
  frameOf(payload: unknown): Promise<ExecutionResult>;
  /** May be called again. Executions under way are aborted with the last member. */
  leave(): void;
}

export interface FrameGroups {
  join(operation: FramedOperation): GroupMember;
  /** How many different subscriptions there are. */
  size(): number;
}

export type ExecuteFrame = (args: ExecutionArgs) => ExecutionResult | Promise<ExecutionResult>;

interface FrameGroup extends GroupMember {
  join(): void;
}

const retryMs = 500;

/** Frames that a group remembers. Members that are farther behind the first one execute again. */
const recentMax = 16;

/**
 * Identical subscriptions share their frames: those of one actor, one source text, one operation
 * of it, and equal variables. Each still reads its own source at its own pace, and none waits for
 * another, except for a frame that both want now.
 */
export function createFrameGroups(execute: ExecuteFrame): FrameGroups {
  const groups = new Map<string, FrameGroup>();

  function groupOf(operation: FramedOperation): FrameGroup {
    const key = keyOf(operation);
    const known = groups.get(key);
    if (known !== undefined) return known;
    const group = createGroup(operation, execute, () => groups.delete(key));
    groups.set(key, group);
    return group;
  }

  return {
    join(operation) {
      const isShared = operation.contextValue.forFrames !== undefined;
      const group = isShared ? groupOf(operation) : createGroup(operation, execute, () => {});
      group.join();
      let isMember = true;
      return {
        frameOf: group.frameOf,
        leave() {
          if (isMember) group.leave();
          isMember = false;
        },
      };
    },
    size: () => groups.size,
  };
}

function keyOf({ actor, source, operationName, variableValues }: FramedOperation): string {
  return JSON.stringify([actor, source, operationName, toSortedJson(variableValues)]);
}

function createGroup(
  operation: FramedOperation,
  execute: ExecuteFrame,
  onEmpty: () => void,
): FrameGroup {
  const { schema, document, operationName, variableValues, contextValue } = operation;
  const abort = new AbortController();
  const recent = new Map<object, Promise<ExecutionResult>>();
  const remembered = new WeakSet<object>();
  let members = 0;

  async function executeFrame(rootValue: unknown): Promise<ExecutionResult> {
    for (;;) {
      // Anew for each attempt: a context keeps what it could not reach.
      const context = contextValue.forFrames?.(abort.signal) ?? contextValue;
      const args = { schema, document, operationName, variableValues, contextValue: context };
      const frame = await execute({ ...args, rootValue });
      if (isWhole(frame)) {
        // Here, as what cannot be written must be masked as well.
        toFrameText(frame);
        return frame;
      }
      await delay(retryMs, abort.signal);
      if (abort.signal.aborted) throw codedError('ABORTED', 'The operation was aborted');
    }
  }

  function remember(payload: object, frame: Promise<ExecutionResult>): void {
    // Once only: what a slow member executes again must not drive out what is new.
    if (remembered.has(payload)) return;
    remembered.add(payload);
    recent.set(payload, frame);
    if (recent.size <= recentMax) return;
    const [oldest] = recent.keys();
    if (oldest !== undefined) recent.delete(oldest);
  }

  return {
    join() {
      members += 1;
    },
    frameOf(payload) {
      // Equal values that are no objects need not be the same event.
      if (members === 1 || !isObject(payload)) return executeFrame(payload);
      const known = recent.get(payload);
      if (known !== undefined) return known;
      const frame = executeFrame(payload);
      remember(payload, frame);
      return frame;
    },
    leave() {
      members -= 1;
      if (members === 1) recent.clear();
      if (members > 0) return;
      abort.abort();
      onEmpty();
    },
  };
}

/** False: what is missing can be read later. Throws the first error that does not pass. */
function isWhole({ errors = [] }: ExecutionResult): boolean {
  const lasting = errors.find((error) => !isPassing(error));
  if (lasting !== undefined) throw lasting;
  return errors.length === 0;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
