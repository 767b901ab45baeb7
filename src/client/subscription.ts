import type { Client, SubscribePayload } from 'graphql-ws/client';
import { type Ending, toEnding } from './close-codes.ts';
import { DaybookError } from './errors.ts';
import { createFrameBuffer } from './frame-buffer.ts';
import type { OperationVariables } from './idempotency-keys.ts';
import { backOffMs, pause, type RetryLimits, type WakeUps } from './retry.ts';
import { isAfter, isSequence, type SeenSequence, sequenceIn } from './seen-sequence.ts';

interface FramesOptions extends RetryLimits {
  readonly text: string;
  readonly name: string | null;
  readonly variables: OperationVariables;
  /** The variable for the sequence number after which to resume; null for a state. */
  readonly cursor: string | null;
  readonly socket: () => Client;
  /** Called when the socket is connected: subscriptions that wait for it come back together. */
  readonly onConnected: WakeUps;
  readonly seen: SeenSequence;
  readonly isTokenRenewable: boolean;
  readonly framesMax: number;
  /** Aborted when the client is closed. */
  readonly closing: AbortSignal;
}

/**
 * Iterates over the frames of a subscription, across any number of connections. It begins with the
 * first `next`, and ends when the reader returns or the signal is aborted.
 *
 * With a cursor, each frame arrives once, in order. When `framesMax` frames wait for the reader, it
 * unsubscribes, and resumes once they have been read. Without a cursor, a frame replaces the one
 * that still waits, and none is older than the previous one.
 */
export function createFrames<Frame>(options: FramesOptions): AsyncIterator<Frame, undefined> {
  const { cursor, framesMax } = options;
  const ends = [options.closing, ...(options.signal === null ? [] : [options.signal])];
  const buffer = createFrameBuffer<Frame>(framesMax, cursor === null);
  const stop = new AbortController();
  let isStarted = false;

  function close(): void {
    release();
    stop.abort();
    buffer.clear();
  }

  function release(): void {
    for (const signal of ends) signal.removeEventListener('abort', close);
  }

  function start(): void {
    isStarted = true;
    for (const signal of ends) {
      if (signal.aborted) close();
      signal.addEventListener('abort', close);
    }
    const limits = { ...options, signal: stop.signal };
    const ended = follow(limits, (frame) => buffer.push(frame as Frame), buffer.drained);
    ended
      .then(
        () => buffer.end(),
        (error: Error) => buffer.end(error),
      )
      .finally(release);
  }

  return {
    next() {
      if (!isStarted) start();
      return buffer.next();
    },
    async return() {
      isStarted = true;
      close();
      return { done: true, value: undefined };
    },
  };
}

type Push = (frame: unknown) => boolean;
type Followed = FramesOptions & { readonly signal: AbortSignal };

/** How far a subscription has got. */
interface Progress {
  /** The sequence number of the last frame; null before the first one. */
  last: string | null;
  /** The frames of all connections. */
  frames: number;
}

/** Subscribes again and again until the server completes the subscription or the signal aborts. */
async function follow(options: Followed, push: Push, drained: () => Promise<void>): Promise<void> {
  const { signal, retryForMs, onRetry } = options;
  const progress: Progress = { last: null, frames: 0 };
  let [retry, refusals, endsAt] = [0, 0, Number.POSITIVE_INFINITY];
  while (!signal.aborted) {
    const framesBefore = progress.frames;
    const ended = await subscribeOnce(options, progress, push);
    if (signal.aborted || ended === 'complete') return;
    if (progress.frames > framesBefore) [retry, refusals] = [0, 0];
    if (ended === 'full') {
      await drained();
      continue;
    }
    const { error, action } = ended;
    if (action === 'renew token') refusals += 1;
    if (!mayResume(options, action, refusals)) throw error;
    // What was seen of the earlier log says nothing about the present one.
    if (action === 'begin again') progress.last = null;
    retry += 1;
    const delayMs = backOffMs(retry, error);
    if (retry === 1) endsAt = performance.now() + retryForMs;
    if (performance.now() + delayMs > endsAt) throw error;
    onRetry(error, retry, delayMs);
    const isLost = error.code === 'NETWORK_ERROR';
    await pause(delayMs, signal, isLost ? options.onConnected : undefined);
  }
}

function mayResume(
  { cursor, seen, isTokenRenewable }: Followed,
  action: Ending['action'],
  refusals: number,
): boolean {
  if (action === 'begin again') seen.reset();
  if (action === 'resume') return true;
  if (action === 'renew token') return isTokenRenewable && refusals === 1;
  // A cursor may name an event that the log no longer has.
  return action === 'begin again' && cursor === null;
}

/** Subscribes once, and resolves with why it has ended. */
function subscribeOnce(
  options: Followed,
  progress: Progress,
  push: Push,
): Promise<Ending | 'complete' | 'full'> {
  const { signal } = options;
  return new Promise((resolve) => {
    const payload: { -readonly [Name in keyof SubscribePayload]: SubscribePayload[Name] } =
      toPayload(options, progress);
    const unsubscribe = options.socket().subscribe(payload, {
      next({ data, errors, extensions }) {
        // Frames that were on their way when this ended are sent again if they are needed.
        if (isOver) return;
        if (errors !== undefined && errors.length > 0) return finish(toEnding(errors));
        try {
          const frame = { data: data ?? {}, shown: sequenceIn(extensions) };
          if (accept(options, progress, frame, push)) return finish('full');
        } catch (error) {
          return finish({ error: error as DaybookError, action: 'fail' });
        }
        // After a normal closure, graphql-ws sends this payload again by itself.
        if (options.cursor !== null) payload.variables = toPayload(options, progress).variables;
      },
      error: (thrown) => finish(toEnding(thrown)),
      complete: () => finish('complete'),
    });
    const stop = (): void => finish('complete');
    let isOver = false;

    function finish(ending: Ending | 'complete' | 'full'): void {
      isOver = true;
      signal.removeEventListener('abort', stop);
      unsubscribe();
      resolve(ending);
    }

    signal.addEventListener('abort', stop);
  });
}

function toPayload(
  { text, name, variables, cursor, seen }: Followed,
  { last }: Progress,
): SubscribePayload {
  const resumed = cursor !== null && last !== null ? { ...variables, [cursor]: last } : variables;
  const minSequence = seen.highest();
  return {
    query: text,
    variables: { ...resumed },
    ...(name !== null && { operationName: name }),
    ...(minSequence !== null && { extensions: { daybook: { minSequence } } }),
  };
}

/** Passes a frame on unless it is a repetition or older; returns whether the buffer is full. */
function accept(
  { cursor, seen }: Followed,
  progress: Progress,
  { data, shown }: { readonly data: Readonly<Record<string, unknown>>; readonly shown: unknown },
  push: Push,
): boolean {
  progress.frames += 1;
  const [root] = Object.values(data);
  const { sequence = shown } = (root ?? {}) as { readonly sequence?: unknown };
  if (isSequence(sequence)) {
    seen.raise(sequence);
    if (progress.last !== null && !isAfter(sequence, progress.last)) return false;
    progress.last = sequence;
  } else if (cursor !== null) {
    const message = 'select the field sequence of the frame: it is what the client resumes after';
    throw new DaybookError('CURSOR_REQUIRED', message);
  }
  return push(data);
}
