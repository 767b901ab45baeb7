import { randomBytes } from 'node:crypto';
import { delay } from '../lib/delay.ts';
import type { Logger } from '../lib/logger.ts';
import { openSubscription } from './subscription.ts';

interface ListenerOptions {
  readonly url: string;
  readonly channels: readonly string[];
  /**
   * The time between two notifications that the connection sends itself as a test; 1,000 by
   * default.
   */
  readonly heartbeatIntervalMs?: number;
  /** The maximum time for an answer or for connecting; 5,000 by default. */
  readonly heartbeatDeadlineMs?: number;
  /** Called for every notification, in order; must not throw. */
  readonly onNotification: (channel: string, payload: string) => void;
  /** Called whenever listening begins (again): earlier notifications may have been missed. */
  readonly onConnected: () => void;
  /** Called when the connection has gone silent: other connections to the server may be too. */
  readonly onSilent?: () => void;
  readonly log: Logger;
}

/** Receives the notifications of some channels over a separate connection, without giving up. */
export interface Listener {
  /** Whether it is listening; true until the loss of its connection is detected. */
  connected(): boolean;
  /** For how long it has not been listening; 0 while it is. */
  deafMs(): number;
  /** Closes the connection in any state. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Listens to channels of a database and never gives up. A connection that breaks, or answers no
 * heartbeat, is replaced at once, then after delays that grow to two seconds. Notifications sent
 * while there is no connection are lost, so `onConnected` must read what they would have announced.
 */
export function createListener(options: ListenerOptions): Listener {
  const { heartbeatIntervalMs = 1_000, heartbeatDeadlineMs = 5_000, log } = options;
  const { onSilent = () => {} } = options;
  const heartbeatChannel = `heartbeat_${randomBytes(8).toString('hex')}`;
  const stopping = new AbortController();
  let connected = false;
  let deafSince = performance.now();

  const runOnce = async (): Promise<boolean> => {
    let wasConnected = false;
    try {
      await openSubscription({
        url: options.url,
        channels: options.channels,
        heartbeatChannel,
        heartbeatIntervalMs,
        heartbeatDeadlineMs,
        onNotification: options.onNotification,
        onConnected: () => {
          wasConnected = true;
          connected = true;
          options.onConnected();
        },
        onSilent,
        signal: stopping.signal,
      });
    } catch (error) {
      log.warn({ err: error }, 'listening for notifications was interrupted');
    }
    if (connected) deafSince = performance.now();
    connected = false;
    return wasConnected;
  };
  const run = async () => {
    let failures = 0;
    while (!stopping.signal.aborted) {
      failures = (await runOnce()) ? 0 : failures + 1;
      await delay(toRetryDelayMs(failures), stopping.signal);
    }
  };
  const finished = run();
  return {
    connected: () => connected,
    deafMs: () => (connected ? 0 : performance.now() - deafSince),
    stop: () => {
      stopping.abort();
      return finished;
    },
  };
}

const retryDelayMinMs = 50;
const retryDelayMaxMs = 2_000;

/** Doubles with each failure; the jitter prevents many processes from returning at once. */
function toRetryDelayMs(failures: number): number {
  const delayMs = Math.min(retryDelayMinMs * 2 ** failures, retryDelayMaxMs);
  return delayMs * (0.5 + Math.random() / 2);
}
