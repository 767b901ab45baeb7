import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '../../lib/logger.ts';

/** Disconnects clients that do not read. */
export interface Stalled {
  /** Watches the connection of a response until the response has ended. */
  watchResponse(response: ServerResponse): void;
  /** Watches a socket until it is closed. */
  watchSocket(socket: Socket): void;
}

const logEveryMs = 60_000;

/**
 * Disconnects a client that has read nothing of its waiting data for `timeoutMs`.
 *
 * A socket whose `timeout` fires has neither read nor written for that long: Node.js restarts the
 * timer while a write proceeds, so that a slow client is not disconnected.
 */
export function createStalled(timeoutMs: number, log: Logger): Stalled {
  let count = 0;
  let logged = 0;
  let loggedAtMs = Number.NEGATIVE_INFINITY;

  function report(socket: Socket): void {
    const fields = { address: socket.remoteAddress, bytes: socket.writableLength };
    log.debug(fields, 'disconnected a client that does not read');
    if (performance.now() - loggedAtMs < logEveryMs) return;
    const counts = { cut: count - logged, cutInAll: count };
    log.info({ ...fields, ...counts }, 'disconnected clients that do not read');
    logged = count;
    loggedAtMs = performance.now();
  }

  function onTimeout(socket: Socket): void {
    if (socket.writableLength === 0) return;
    count += 1;
    report(socket);
    socket.destroy();
  }

  return {
    watchResponse(response) {
      // Without a listener, Node.js would close the connection during an answer that takes longer.
      response.on('timeout', onTimeout);
      response.socket?.setTimeout(timeoutMs);
    },
    watchSocket(socket) {
      socket.setTimeout(timeoutMs);
      socket.on('timeout', () => onTimeout(socket));
    },
  };
}
