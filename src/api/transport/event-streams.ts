import type { ServerResponse } from 'node:http';
import { deadline } from './deadline.ts';
import type { Operation, Operations } from './operation.ts';
import { replyJson } from './reply.ts';
import type { TransportLimits } from './transport-limits.ts';

/** The event streams that a server has open. */
export interface EventStreams {
  /** Executes an operation and writes its results as a stream; resolves when that has ended. */
  answer(response: ServerResponse, operation: Operation, expiresAtMs: number | null): Promise<void>;
  /**
   * Cuts every subscription. Without `complete`, from which a client would take it that there is
   * no more to come, where it should connect again.
   */
  stop(): void;
}

export function createEventStreams(operations: Operations, limits: TransportLimits): EventStreams {
  const subscribers = new Set<ServerResponse>();
  let isStopped = false;

  async function answerSubscription(
    response: ServerResponse,
    operation: Operation,
    expiresAtMs: number | null,
  ): Promise<void> {
    if (isStopped || subscribers.size >= limits.streamsMax) {
      const message = 'No more streams can be opened here now';
      const error = { message, extensions: { code: 'TOO_MANY_STREAMS' } };
      return replyJson(response, 503, { errors: [error] });
    }
    subscribers.add(response);
    const cancelExpiry = deadline(expiresAtMs, () => response.destroy());
    try {
      const frames = await operations.subscribe(operation);
      if (!('next' in frames)) return replyJson(response, 400, frames);
      await writeEventStream(response, frames, limits.pingIntervalMs);
    } finally {
      cancelExpiry();
      subscribers.delete(response);
    }
  }

  return {
    async answer(response, operation, expiresAtMs) {
      if (operation.kind === 'subscription') {
        return answerSubscription(response, operation, expiresAtMs);
      }
      const result = await operations.execute(operation);
      await writeEventStream(response, [JSON.stringify(result)], limits.pingIntervalMs);
    },
    stop() {
      isStopped = true;
      for (const response of subscribers) response.destroy();
    },
  };
}

/**
 * Writes frames as server-sent events, one `next` each and `complete` after the last (GraphQL
 * over SSE, distinct connections mode). A reader that is slow is waited for: the next frame is
 * asked for only when the one before has left. Ends when the reader has gone. An error that the
 * frames throw, which must be a GraphQLError, is the last `next`.
 *
 * Not Yoga's own writer: after a reader has stalled and left, that one waits for `drain` for ever,
 * its ping timer running.
 */
async function writeEventStream(
  response: ServerResponse,
  frames: AsyncIterable<string> | readonly string[],
  pingIntervalMs: number,
): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  });
  // Some browsers report a connection as open only after its first byte.
  response.write(':\n\n');
  const ping = setInterval(() => {
    if (!response.writableNeedDrain) response.write(':\n\n');
  }, pingIntervalMs);
  try {
    for await (const frame of frames) {
      await write(response, 'next', ` ${frame}`);
      if (response.destroyed) return;
    }
  } catch (error) {
    await write(response, 'next', ` ${JSON.stringify({ errors: [error] })}`);
  } finally {
    clearInterval(ping);
  }
  await write(response, 'complete', '');
  response.end();
}

async function write(response: ServerResponse, event: string, data: string): Promise<void> {
  if (response.destroyed || response.write(`event: ${event}\ndata:${data}\n\n`)) return;
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
