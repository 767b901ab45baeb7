import type { ServerResponse } from 'node:http';
import { type ExecutionResult, GraphQLError } from 'graphql';
import { delay } from '../../lib/delay.ts';
import { codeOf, isPassing } from '../errors.ts';
import type { ClosableFrames } from './closable-frames.ts';
import { deadline } from './deadline.ts';
import type { FrameText } from './frame-text.ts';
import type { Operation, Operations } from './operation.ts';
import type { Quotas } from './quotas.ts';
import { retryAfterOf } from './rate-limited.ts';
import { replyResult, replyTransportError } from './reply.ts';
import { exceeded, full, type TransportError } from './reply-error.ts';
import { securityHeadersFor } from './security-headers.ts';
import type { TransportLimits } from './transport-limits.ts';

/** The open event streams of a server. */
export interface EventStreams {
  /** Executes an operation and writes its results as a stream; resolves when the stream ends. */
  answer(response: ServerResponse, operation: Operation, expiresAtMs: number | null): Promise<void>;
  /**
   * Ends every subscription. Sends no `complete`: a client would take it as the end of the
   * results, but it should connect again.
   */
  stop(): void;
}

export function createEventStreams(options: {
  readonly operations: Operations;
  readonly limits: TransportLimits;
  readonly quotas: Quotas;
}): EventStreams {
  const { operations, limits, quotas } = options;
  const subscribers = new Set<ServerResponse>();
  let isStopped = false;

  async function answerSubscription(
    response: ServerResponse,
    operation: Operation,
    expiresAtMs: number | null,
  ): Promise<void> {
    if (isStopped)
      return replyTransportError(response, full('UNAVAILABLE', 'the server is stopping'));
    if (subscribers.size >= limits.streamsMax)
      return replyTransportError(response, serverFull(limits));
    const leaveAddress = quotas.ofAddress.take(response.socket?.remoteAddress ?? '');
    if (leaveAddress === null) return replyTransportError(response, addressFull(limits));
    const leaveActor = quotas.ofActor.take(operation.actor);
    if (leaveActor === null) {
      leaveAddress();
      return replyTransportError(response, actorFull(limits));
    }
    subscribers.add(response);
    const cancelExpiry = deadline(expiresAtMs, () => response.destroy());
    try {
      const frames = await operations.subscribe(operation);
      if (!('next' in frames)) return replyResult(response, statusOf(frames), frames);
      const first = frames.next();
      const fault = await faultOf(first);
      if (fault !== null) {
        return replyResult(response, isPassing(fault) ? 503 : 400, { errors: [fault] });
      }
      await writeEventStream(response, startingWith(first, frames), limits.pingIntervalMs);
    } finally {
      cancelExpiry();
      subscribers.delete(response);
      leaveAddress();
      leaveActor();
    }
  }

  return {
    async answer(response, operation, expiresAtMs) {
      if (operation.kind === 'subscription') {
        return answerSubscription(response, operation, expiresAtMs);
      }
      const result = await operations.execute(operation);
      if (retryAfterOf(result.errors) !== null) return replyResult(response, 429, result);
      const frames = [{ text: JSON.stringify(result), sequence: null }];
      await writeEventStream(response, frames, limits.pingIntervalMs);
    },
    stop() {
      isStopped = true;
      for (const response of subscribers) response.destroy();
    },
  };
}

function statusOf({ errors }: ExecutionResult): number {
  return retryAfterOf(errors) === null ? 400 : 429;
}

/** How long the first frame may take until the stream is open without it. */
const firstFrameMs = 1_000;

/** The error with which the first frame fails; null if it does not, or takes longer. */
async function faultOf(first: Promise<unknown>): Promise<GraphQLError | null> {
  const late = new AbortController();
  const found = first.then(
    () => null,
    (error: unknown) => error,
  );
  const fault = await Promise.race([found, delay(firstFrameMs, late.signal)]);
  late.abort();
  if (fault == null || fault instanceof GraphQLError) return fault ?? null;
  throw fault;
}

async function* startingWith(
  first: Promise<IteratorResult<FrameText, void>>,
  frames: ClosableFrames,
): AsyncGenerator<FrameText, void, undefined> {
  try {
    const { done, value } = await first;
    if (done === true) return;
    yield value;
    yield* frames;
  } finally {
    await frames.return();
  }
}

function serverFull({ streamsMax }: TransportLimits): TransportError {
  const message = `all ${streamsMax} event streams of this server are in use: try again later`;
  return full('TOO_MANY_STREAMS', message);
}

function addressFull({ socketsPerAddressMax: max }: TransportLimits): TransportError {
  const message = `an address may have at most ${max} WebSockets and event streams open`;
  return exceeded('TOO_MANY_STREAMS', message);
}

function actorFull({ socketsPerActorMax: max }: TransportLimits): TransportError {
  const message = `an actor may have at most ${max} WebSockets and event streams open`;
  return exceeded('TOO_MANY_STREAMS', message);
}

/**
 * Writes frames as server-sent events, one `next` each and `complete` after the last (GraphQL
 * over SSE, distinct connections mode). The id of an event is the sequence number of its frame.
 * Waits for a slow reader: requests the next frame only when the previous one has left. Ends when
 * the reader has disconnected. An error that the frames throw, which must be a GraphQLError, is
 * sent as the last `next`.
 *
 * Yoga's writer is not used: after a reader has stalled and left, it waits for `drain`
 * indefinitely, with its ping timer running.
 */
async function writeEventStream(
  response: ServerResponse,
  frames: AsyncIterable<FrameText> | readonly FrameText[],
  pingIntervalMs: number,
): Promise<void> {
  response.writeHead(200, {
    ...securityHeadersFor(response.req),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  // Some browsers report a connection as open only after its first byte.
  response.write(':\n\n');
  const ping = setInterval(() => {
    if (!response.writableNeedDrain) response.write(':\n\n');
  }, pingIntervalMs);
  try {
    for await (const { text, sequence } of frames) {
      // A browser returns the id as Last-Event-ID when it connects again.
      const id = sequence === null ? '' : `id: ${sequence}\n`;
      await write(response, `event: next\n${id}data: ${text}`);
      if (response.destroyed) return;
    }
  } catch (error) {
    // The events that the ids name are gone, so a browser must not resume after them.
    const code = error instanceof GraphQLError ? codeOf(error) : undefined;
    const id = code === 'LOG_REPLACED' ? 'id:\n' : '';
    await write(response, `event: next\n${id}data: ${JSON.stringify({ errors: [error] })}`);
  } finally {
    clearInterval(ping);
  }
  await write(response, 'event: complete\ndata:');
  response.end();
}

async function write(response: ServerResponse, message: string): Promise<void> {
  if (response.destroyed || response.write(`${message}\n\n`)) return;
  await new Promise<void>((resolve) => {
    function settle(): void {
      response.off('drain', settle);
      response.off('close', settle);
      resolve();
    }
    response.on('drain', settle);
    response.on('close', settle);
  });
}
