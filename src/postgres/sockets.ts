import { Socket } from 'node:net';

/** The sockets to one database. Silent sockets can be found and closed. */
interface Sockets {
  /** Creates a socket, not connected yet, and watches it until it closes. */
  open(): Socket;
  /**
   * Destroys the sockets on which nothing has arrived for `silentMs`, and those that have been
   * waiting for their first answer for more than a second.
   */
  closeSilent(silentMs: number): void;
  /** Closes all sockets, and from then on each new one as soon as it begins to connect. */
  closeAll(): void;
}

interface Watched {
  bytesRead: number;
  /** When bytes were last seen to arrive, or else when the socket was created. */
  heardAt: number;
}

/**
 * The interval at which arrivals are observed. Observing every arrival would slow each of them
 * down.
 */
const lookMs = 500;
const firstAnswerMs = 1_000;

export function createSockets(): Sockets {
  const watched = new Map<Socket, Watched>();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  function look(): void {
    const now = performance.now();
    for (const [socket, state] of watched) {
      if (socket.bytesRead === state.bytesRead) continue;
      state.bytesRead = socket.bytesRead;
      state.heardAt = now;
    }
  }
  function forget(socket: Socket): void {
    watched.delete(socket);
    if (watched.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }
  return {
    open() {
      const socket = new Socket();
      watched.set(socket, { bytesRead: 0, heardAt: performance.now() });
      timer ??= setInterval(look, lookMs).unref();
      socket.once('close', () => forget(socket));
      if (isClosed) setImmediate(() => socket.destroy());
      return socket;
    },
    closeSilent(silentMs) {
      look();
      const now = performance.now();
      for (const [socket, { bytesRead, heardAt }] of watched) {
        const allowedMs = bytesRead === 0 ? Math.min(silentMs, firstAnswerMs) : silentMs;
        if (now - heardAt >= allowedMs) socket.destroy();
      }
    },
    closeAll() {
      isClosed = true;
      for (const socket of watched.keys()) socket.destroy();
    },
  };
}
