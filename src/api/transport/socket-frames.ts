import type { WebSocket } from 'ws';
import type { ClosableFrames } from './closable-frames.ts';
import type { Session } from './session.ts';

/** Sends a text. Resolves when the kernel has it, or when the socket is no longer open. */
export function sendText(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.readyState !== socket.OPEN) return resolve();
    socket.send(text, (error) => (error ? reject(error) : resolve()));
  });
}

/**
 * Returns a generator that yields nothing: when its first result is requested, it sends the frames
 * of a subscription as `next` messages, each once the previous one has left.
 *
 * graphql-ws still handles the protocol (ids, `complete`, `error`, the end by either side). But it
 * does not accept text, so it would serialize the same frame again for each subscriber.
 */
export function sendFrames(
  { socket, capacity }: Session,
  id: string,
  frames: ClosableFrames,
): AsyncGenerator<never, void, void> {
  const opening = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
  return {
    async next() {
      for await (const { text } of frames) {
        await sendText(socket, `${opening}${text}}`);
        const full = capacity.wait();
        if (full !== null) await full;
      }
      return { done: true, value: undefined };
    },
    async return() {
      await frames.return();
      return { done: true, value: undefined };
    },
    async throw(error) {
      await frames.return();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
