import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '../../lib/logger.ts';

/** Cuts readers that do not read. */
export interface Stalled {
  /** Watches the connection of a response until this has ended. */
  watchResponse(response: ServerResponse): void;
  /** Watches a socket until it is closed. */
  watchSocket(socket: Socket): void;
}

const logEveryMs = 60_000;

/**
 * Cuts a reader that takes nothing of what is to be sent for `timeoutMs`.
 *
 * A socket whose `timeout` fires has neither read nor written for that long: Node.js starts the
 * time again while a write proceeds, so that a slow reader is not taken for one that has stopped.
 */
export function createStalled(timeoutMs: number, log: Logger): Stalled {
  let count = 0;
  let logged = 0;
  let loggedAtMs = Number.NEGATIVE_INFINITY;

  function report(socket: Socket): void {
    const fields = { address: socket.remoteAddress, bytes: socket.writableLength };
    log.debug(fields, 'a reader that does not read is cut');
    if (performance.now() - loggedAtMs < logEveryMs) return;
    log.info({ ...fields, cut: count - logged, cutInAll: count }, 'readers that do not read: cut');
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
      // With a listener, Node.js does not close the connection under an answer that takes its time.
      response.on('timeout', onTimeout);
      response.socket?.setTimeout(timeoutMs);
    },
    watchSocket(socket) {
      socket.setTimeout(timeoutMs);
      socket.on('timeout', () => onTimeout(socket));
    },
  };
}
