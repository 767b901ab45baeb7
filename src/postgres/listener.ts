import { randomBytes } from 'node:crypto';
import { delay } from '../lib/delay.ts';
import type { Logger } from '../lib/logger.ts';
import { openSubscription } from './subscription.ts';

export interface ListenerOptions {
  readonly url: string;
  readonly channels: readonly string[];
  /** How often the connection is tried out by a notification to itself. */
  readonly heartbeatIntervalMs?: number;
  /** How long an answer, or a connection, may take before the connection counts as dead. */
  readonly heartbeatDeadlineMs?: number;
  /** Called for every notification, in order; must not throw. */
  readonly onNotification: (channel: string, payload: string) => void;
  /** Called whenever the channels are listened to (again): what came meanwhile has been missed. */
  readonly onConnected: () => void;
  /** Called when a connection has gone silent: others to the same server may have gone with it. */
  readonly onSilent?: () => void;
  readonly log: Logger;
}

/** Notifications of some channels, over a connection of their own that is renewed for ever. */
export interface Listener {
  /** Whether the channels are listened to, as far as is known. */
  connected(): boolean;
  /** For how long the channels have not been listened to; 0 while they are. */
  deafMs(): number;
  /** Closes the connection, in whatever state it is. May be called again. */
  stop(): Promise<void>;
}

/**
 * Listens to channels of a database and never gives up: a connection that breaks, or answers no
 * heartbeat, is replaced by a new one, at once and then ever more slowly up to two seconds.
 * Notifications sent while there is none are lost; `onConnected` is the time to look for oneself.
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
      log.warn({ err: error }, 'listening was interrupted');
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

/** Doubles from failure to failure; the jitter keeps many processes from returning in step. */
function toRetryDelayMs(failures: number): number {
  const delayMs = Math.min(retryDelayMinMs * 2 ** failures, retryDelayMaxMs);
  return delayMs * (0.5 + Math.random() / 2);
}
