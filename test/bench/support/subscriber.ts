import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { delay } from '../../../src/lib/delay.ts';
import type { Frame } from './live-job.ts';

/** A subscription on its own WebSocket, whose frames carry a sequence number. */
export interface Subscriber {
  /** In the order of arrival. */
  readonly frames: readonly Frame[];
  /** Waits for a frame at or after the sequence; throws if none arrives in time. */
  reach(sequence: number): Promise<void>;
  stop(): Promise<void>;
}

const reachTimeoutMs = 10_000;
const lookEveryMs = 10;

/** Connects and subscribes; events before the server has subscribed are missed. */
export async function subscribe(
  url: string,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<Subscriber> {
  const frames: Frame[] = [];
  let failure: unknown = null;
  const client = createClient({ url, webSocketImpl: WebSocket, lazy: false, retryAttempts: 0 });
  await connected(client);
  client.subscribe(
    { query, variables },
    {
      next({ data, errors }) {
        const at = performance.now();
        if (errors !== undefined) failure = errors;
        const [frame] = Object.values(data ?? {}) as { readonly sequence: string }[];
        if (frame !== undefined) frames.push({ sequence: Number(frame.sequence), at });
      },
      error(error) {
        failure = error;
      },
      complete() {},
    },
  );
  return {
    frames,
    async reach(sequence) {
      const deadline = performance.now() + reachTimeoutMs;
      while ((frames.at(-1)?.sequence ?? 0) < sequence) {
        if (failure !== null) throw new Error(`${query}: ${JSON.stringify(failure)}`);
        if (performance.now() > deadline)
          throw new Error(`${query}: no frame at or after sequence ${sequence}`);
        await delay(lookEveryMs);
      }
    },
    stop: async () => client.dispose(),
  };
}

function connected(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    client.on('connected', () => resolve());
    client.on('closed', () => reject(new Error('the server closed the WebSocket')));
  });
}
