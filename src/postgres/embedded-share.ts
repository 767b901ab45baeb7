import { delay } from '../lib/delay.ts';
import type { Logger } from '../lib/logger.ts';
import { onAbort } from '../lib/on-abort.ts';
import { giveBackShare, type Server, type ServerShare, takeShare } from './embedded-server.ts';
import { isConnectionLost, toOneLine } from './errors.ts';

const restartIntervalMs = 1_000;

/**
 * Keeps a share until stopped, and takes a new one on the same port whenever the server has
 * crashed. Returns an idempotent function that stops this and releases the share.
 */
export function keepShare(server: Server, first: ServerShare, log: Logger): () => Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const { port } = first;
  const keep = async (): Promise<ServerShare | null> => {
    let share: ServerShare | null = first;
    while (share !== null) {
      await untilEnd(share, signal);
      if (signal.aborted) return share;
      log.error({ port }, 'the embedded PostgreSQL has crashed and is being restarted');
      share = await retakeShare(server, port, { signal, log });
    }
    return null;
  };
  const kept = keep();
  const stop = async () => {
    stopping.abort();
    const share = await kept;
    const halted = share !== null && (await giveBack(server, share));
    const outcome = halted ? 'has stopped' : 'keeps running for other clients';
    log.info({ port }, `the embedded PostgreSQL ${outcome}`);
  };
  let stopped: Promise<void> | undefined;
  return () => {
    stopped ??= stop();
    return stopped;
  };
}

async function giveBack(server: Server, share: ServerShare): Promise<boolean> {
  try {
    return await giveBackShare(server, share);
  } catch (error) {
    // The server has just crashed, so there is nothing to stop.
    if (isConnectionLost(error)) return false;
    throw error;
  }
}

interface Retake {
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** Tries until it has a share again; null if the signal fires first. */
async function retakeShare(server: Server, port: number, { signal, log }: Retake) {
  while (!signal.aborted) {
    try {
      return await takeShare(server, port, signal);
    } catch (error) {
      if (signal.aborted) return null;
      log.error({ reason: toOneLine(error) }, 'the embedded PostgreSQL could not be restarted');
      await delay(restartIntervalMs, signal);
    }
  }
  return null;
}

function untilEnd({ client }: ServerShare, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = () => {
      client.off('end', finish);
      ignoreAbort();
      resolve();
    };
    client.on('end', finish);
    const ignoreAbort = onAbort(signal, finish);
  });
}
