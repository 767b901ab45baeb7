import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

/** The room for frames and answers in what waits to be sent on a WebSocket. */
export interface SocketCapacity {
  /** Resolves when there is room or the socket is closed; null: there is room now. */
  wait(): Promise<void> | null;
}

/**
 * Bounds what waits in one socket: each of its operations may have an answer ready, and a hundred
 * large ones for a peer that does not read are megabytes.
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
