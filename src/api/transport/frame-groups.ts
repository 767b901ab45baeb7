import type { ExecutionArgs, ExecutionResult } from 'graphql';
import type { Role } from '../../kernel/role.ts';
import { toSortedJson } from '../../lib/canonical-json.ts';
import { delay } from '../../lib/delay.ts';
import { newUuid } from '../../lib/uuid.ts';
import { codedError, isPassing } from '../errors.ts';
import { ExecutedFrame, type FrameExecutor } from '../live-query.ts';
import { toFrameText } from './frame-text.ts';

export interface FrameContext {
  /**
   * Creates the context of one frame, which is executed for all identical subscriptions of the
   * same actor. It has the signal of all of them, and nothing that only this one requested. It is
   * absent if frames depend on more than that; each subscription then executes its own.
   */
  forFrames?(signal: AbortSignal): FrameContext;
}

/** A subscription, with everything by which two subscriptions are compared. */
export interface FramedOperation extends ExecutionArgs {
  readonly actor: string;
  /** An actor can have tokens with different roles. */
  readonly roles: readonly Role[];
  /** The text of the document. */
  readonly source: string;
  readonly contextValue: FrameContext;
  /** The fields that are resolved for one frame. */
  readonly fields: number;
}

/** One subscription of a group of identical ones. */
export interface GroupMember extends FrameExecutor {
  /**
   * Returns the frame of a payload, executed once for all members that have the same payload
   * object. A frame is never sent in part, as its reader resumes after it: while a field cannot be
   * read yet, the frame is delayed and executed again. Throws the error of a field that can never
   * be read.
   */
  frameOf(payload: unknown): Promise<ExecutionResult>;
  /** Idempotent. When the last member leaves, running executions are aborted. */
  leave(): void;
}

export interface FrameGroups {
  join(operation: FramedOperation): GroupMember;
  /** How many different subscriptions there are. */
  size(): number;
  /** Forgets the frames that were executed, because they may have texts that are personal. */
  forget(): void;
}

/** Executes a frame of an operation; the signal fires when no one reads it any more. */
type ExecuteFrame = (
  args: ExecutionArgs,
  operation: FramedOperation,
  signal: AbortSignal,
) => ExecutionResult | Promise<ExecutionResult>;

interface FrameGroup extends GroupMember {
  join(): void;
  forget(): void;
}

const retryMs = 500;

/** Frames that a group keeps. Members that are further behind the first one execute again. */
const recentMax = 16;

/**
 * Lets identical subscriptions share their frames: those of the same actor, roles, source text and
 * operation, with equal variables. Each still reads its own source at its own pace, and none waits
 * for another, except for a frame that both request at the same time.
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
      const group = isShared ? groupOf(operation) : createSingle(operation, execute);
      group.join();
      let isMember = true;
      return {
        id: group.id,
        execute: group.execute,
        frameOf: group.frameOf,
        leave() {
          if (isMember) group.leave();
          isMember = false;
        },
      };
    },
    size: () => groups.size,
    forget() {
      for (const group of groups.values()) group.forget();
    },
  };
}

function keyOf(operation: FramedOperation): string {
  const { actor, roles, source, operationName, variableValues } = operation;
  return JSON.stringify([actor, roles, source, operationName, toSortedJson(variableValues)]);
}

function createSingle(operation: FramedOperation, execute: ExecuteFrame): FrameGroup {
  return createGroup(operation, execute, () => {});
}

function createGroup(
  operation: FramedOperation,
  execute: ExecuteFrame,
  onEmpty: () => void,
): FrameGroup {
  const { schema, document, operationName, variableValues, contextValue } = operation;
  const id = newUuid();
  const abort = new AbortController();
  const recent = new Map<object, Promise<ExecutionResult>>();
  const remembered = new WeakSet<object>();
  let members = 0;

  async function executeWhole(rootValue: unknown): Promise<ExecutionResult> {
    for (;;) {
      // Each attempt needs a new context, because a context remembers what it could not reach.
      const context = contextValue.forFrames?.(abort.signal) ?? contextValue;
      const args = { schema, document, operationName, variableValues, contextValue: context };
      const frame = await execute({ ...args, rootValue }, operation, abort.signal);
      if (isWhole(frame)) return frame;
      await delay(retryMs, abort.signal);
      if (abort.signal.aborted) throw codedError('ABORTED', 'the operation was aborted');
    }
  }

  async function executeFrame(payload: unknown): Promise<ExecutionResult> {
    const frame = await executeWhole(payload);
    // The frame is serialized here, so that an error in serialization is masked as well.
    toFrameText(frame, payload);
    return frame;
  }

  function remember(payload: object, frame: Promise<ExecutionResult>): void {
    // A frame that a slow member executes again must not evict a newer one.
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
    id,
    forget: () => recent.clear(),
    execute: executeWhole,
    frameOf(payload) {
      if (payload instanceof ExecutedFrame) {
        toFrameText(payload.result, payload);
        return Promise.resolve(payload.result);
      }
      // Equal payloads that are not objects need not be the same event.
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

/** Returns false if the missing fields can be read later. Throws the first permanent error. */
function isWhole({ errors = [] }: ExecutionResult): boolean {
  const lasting = errors.find((error) => !isPassing(error));
  if (lasting !== undefined) throw lasting;
  return errors.length === 0;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
