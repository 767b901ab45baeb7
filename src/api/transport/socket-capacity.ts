import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

/** The capacity of the send buffer of a WebSocket for frames and answers. */
export interface SocketCapacity {
  /** Resolves when the buffer has capacity or the socket is closed; null if it has capacity now. */
  wait(): Promise<void> | null;
}

/**
 * Bounds the bytes that wait to be sent on one socket: each of its operations may have an answer
 * ready, and 100 large ones for a peer that does not read are megabytes.
 */
export function createSocketCapacity(
  socket: WebSocket,
  wire: Duplex,
  bytesMax: number,
): SocketCapacity {
  let drained: Promise<void> | null = null;

  function nextDrain(): Promise<void> {
    drained ??= new Promise((resolve) => {
      function settle(): void {
        wire.off('drain', settle);
        wire.off('close', settle);
        drained = null;
        resolve();
      }
      wire.on('drain', settle);
      wire.on('close', settle);
    });
    return drained;
  }

  return {
    wait() {
      const isFull = socket.readyState === socket.OPEN && socket.bufferedAmount > bytesMax;
      return isFull ? nextDrain() : null;
    },
  };
}
