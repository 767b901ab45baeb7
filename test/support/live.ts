import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

/** The frames of one subscription as a client receives them. */
export interface LiveFrames<Frame> {
  readonly frames: readonly Frame[];
  /** Resolves when a frame satisfies the condition; rejects if the stream ends first. */
  until(condition: (frames: readonly Frame[]) => boolean): Promise<void>;
  /** Cuts the connection without a close, as a lost network does. */
  cut(): Promise<void>;
}

/** Subscribes over a separate WebSocket, so that it can be cut. */
export function subscribe<Frame>(
  url: string,
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
  connectionParams: Readonly<Record<string, unknown>> = {},
): LiveFrames<Frame> {
  const frames: Frame[] = [];
  const watchers = new Set<() => void>();
  let failure: unknown = null;
  let socket: WebSocket | null = null;
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: class extends WebSocket {
      constructor(address: string, protocols: string) {
        super(address, protocols);
        socket = this;
      }
    },
    connectionParams,
    retryAttempts: 0,
    onNonLazyError: () => {},
  });
  const wake = (): void => {
    for (const watcher of watchers) watcher();
  };
  client.subscribe<Frame>(
    { query, variables },
    {
      next({ data, errors }) {
        if (errors) failure = new Error(errors[0]?.message, { cause: errors });
        if (data) frames.push(data);
        wake();
      },
      error(error) {
        failure = error;
        wake();
      },
      complete() {
        failure ??= new Error('completed');
        wake();
      },
    },
  );
  return {
    frames,
    until: (condition) =>
      new Promise((resolve, reject) => {
        const finish = (settle: () => void): void => {
          clearTimeout(timer);
          watchers.delete(look);
          settle();
        };
        const look = (): void => {
          if (condition(frames)) finish(resolve);
          else if (failure !== null) finish(() => reject(failure));
        };
        const late = new Error(`not within 15 s; ${frames.length} frames so far`);
        const timer = setTimeout(() => finish(() => reject(late)), 15_000);
        watchers.add(look);
        look();
      }),
    async cut() {
      socket?.terminate();
      await client.dispose();
    },
  };
}
