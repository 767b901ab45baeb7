import { Socket } from 'node:net';
import pgListen, { type Subscriber } from 'pg-listen';
import { onAbort } from '../lib/on-abort.ts';
import { toClientConfig } from './client-config.ts';

interface SubscriptionOptions {
  readonly url: string;
  readonly channels: readonly string[];
  /** A channel that no other connection uses. */
  readonly heartbeatChannel: string;
  readonly heartbeatIntervalMs: number;
  readonly heartbeatDeadlineMs: number;
  readonly onNotification: (channel: string, payload: string) => void;
  readonly onConnected: () => void;
  /** Called when the connection is destroyed because nothing was received until the deadline. */
  readonly onSilent: () => void;
  readonly signal: AbortSignal;
}

/**
 * Listens over one connection while it works. Throws when the connection is lost or silent; returns
 * when the signal fires. In both cases its socket is closed and its timer is cleared by then.
 *
 * pg-listen 1.7.0 stops reconnecting after 3 s, ends the process if it has no `error` handler,
 * never notices a half-open connection, and leaks when closed in an outage. Therefore an `error`
 * handler is attached first, the socket is created here, and pg-listen never reconnects.
 */
export async function openSubscription(options: SubscriptionOptions): Promise<void> {
  const { signal } = options;
  const socket = new Socket();
  const subscriber = createSubscriber(socket, options);
  const ending = watchEnding(subscriber, socket, signal);
  const heartbeat = startHeartbeat(subscriber, socket, options);
  try {
    await Promise.race([ending.ended, listen(subscriber, options)]);
    if (signal.aborted) return;
    heartbeat.listening();
    options.onConnected();
    await ending.ended;
  } finally {
    heartbeat.stop();
    ending.dispose();
    await close(subscriber, socket);
  }
}

const closeDeadlineMs = 500;

function createSubscriber(socket: Socket, { url, heartbeatDeadlineMs }: SubscriptionOptions) {
  const config = toClientConfig({
    url,
    applicationName: 'daybook listen',
    connectTimeoutMs: heartbeatDeadlineMs,
  });
  const options = {
    retryLimit: 1,
    paranoidChecking: false,
    parse: (text: string) => text,
  } as const;
  return pgListen.default({ ...config, stream: () => socket }, options);
}

/** `ended` resolves when the signal fires, and rejects with the best known reason on a loss. */
function watchEnding(subscriber: Subscriber, socket: Socket, signal: AbortSignal) {
  let reason: Error | undefined;
  let dispose = () => {};
  socket.on('error', (error) => {
    reason ??= error;
  });
  const ended = new Promise<void>((resolve, reject) => {
    subscriber.events.on('error', (error) => reject(reason ?? error));
    socket.once('close', () => reject(reason ?? new Error('Connection terminated')));
    dispose = onAbort(signal, resolve);
  });
  // A loss must not end the process, even if nothing awaits `ended` at that time.
  ended.catch(() => {});
  return { ended, dispose };
}

async function listen(subscriber: Subscriber, options: SubscriptionOptions): Promise<void> {
  await subscriber.connect();
  for (const channel of [options.heartbeatChannel, ...options.channels]) {
    await subscriber.listenTo(channel);
  }
}

/**
 * Destroys the socket when nothing has been received until the deadline. Counts ticks rather than
 * time, because answers may be waiting to be read after a pause of this process.
 */
function startHeartbeat(subscriber: Subscriber, socket: Socket, options: SubscriptionOptions) {
  const { heartbeatChannel, heartbeatIntervalMs, heartbeatDeadlineMs, onNotification } = options;
  let silentTicks = 0;
  let listening = false;
  subscriber.events.on('notification', ({ channel, payload }) => {
    silentTicks = 0;
    if (channel !== heartbeatChannel) onNotification(channel, payload ?? '');
  });
  const timer = setInterval(() => {
    if (silentTicks * heartbeatIntervalMs >= heartbeatDeadlineMs) {
      socket.destroy(new Error(`no answer for ${heartbeatDeadlineMs} ms`));
      options.onSilent();
      return;
    }
    silentTicks += 1;
    // A second heartbeat before the answer to the first would only queue behind it.
    if (listening && silentTicks === 1) subscriber.notify(heartbeatChannel).catch(() => {});
  }, heartbeatIntervalMs);
  return {
    listening: () => {
      listening = true;
      silentTicks = 0;
    },
    stop: () => clearInterval(timer),
  };
}

/** Ends the session if the server still reacts, and makes sure that the socket is closed. */
async function close(subscriber: Subscriber, socket: Socket): Promise<void> {
  if (socket.closed) return;
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const deadline = setTimeout(() => socket.destroy(), socket.connecting ? 0 : closeDeadlineMs);
  subscriber.close().catch(() => {});
  await closed;
  clearTimeout(deadline);
}
