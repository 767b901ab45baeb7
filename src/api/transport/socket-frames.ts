import type { WebSocket } from 'ws';
import type { ClosableFrames } from './closable-frames.ts';
import type { Session } from './session.ts';

/** Resolves when the text has left for the kernel, or the socket is not open any more. */
export function sendText(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.readyState !== socket.OPEN) return resolve();
    socket.send(text, (error) => (error ? reject(error) : resolve()));
  });
}

/**
 * Sends the frames of a subscription as `next` messages when its first result is asked for, each
 * once the one before has left, and yields nothing.
 *
 * So graphql-ws keeps the protocol (ids, `complete`, `error`, the end by either side), but does
 * not serialize for each subscriber what is the same for all: it has no way to be given text.
 */
export function sendFrames(
  { socket, room }: Session,
  id: string,
  frames: ClosableFrames,
): AsyncGenerator<never, void, void> {
  const opening = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
  return {
    async next() {
      for await (const frame of frames) {
        await sendText(socket, `${opening}${frame}}`);
        const full = room.wait();
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
