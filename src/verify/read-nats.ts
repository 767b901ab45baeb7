import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectNats, type NatsConnectionFields } from '../bridges/targets/nats-connection.ts';
import type { Secrets } from '../bridges/targets/secrets.ts';
import { onAbort } from '../lib/on-abort.ts';
import { type StreamMessage, type StreamPages, toContent } from './stream-message.ts';

const pageMax = 1_000;
const silenceMs = 30_000;

/** The messages that a NATS JetStream stream holds at the time of the call, without their data. */
export async function* readNats(
  settings: NatsConnectionFields & { readonly stream: string },
  { secret, signal }: { readonly secret: Secrets; readonly signal: AbortSignal },
): StreamPages {
  const connection = await connectNats(settings, secret);
  const ignoreAbort = onAbort(signal, () => void connection.close());
  try {
    yield* readStream(connection, settings.stream);
  } finally {
    ignoreAbort();
    await connection.close();
  }
}

async function* readStream(connection: NatsConnection, stream: string): StreamPages {
  const manager = await jetstreamManager(connection);
  const { state } = await manager.streams.info(stream);
  if (state.messages === 0) return;
  const consumer = await jetstream(connection).consumers.get(stream, { headers_only: true });
  let isDone = false;
  while (!isDone) {
    const fetched = await consumer.fetch({ max_messages: pageMax, expires: silenceMs });
    const page: StreamMessage[] = [];
    for await (const { seq, headers, info } of fetched) {
      page.push({
        lane: stream,
        location: `message ${seq}`,
        ...toContent((name) => decodeURIComponent(headers?.get(`ce-${name}`) ?? '')),
      });
      isDone = seq >= state.last_seq || info.pending === 0;
      if (isDone) break;
    }
    if (page.length === 0) throw new Error(`the stream ${stream} ended before ${state.last_seq}`);
    yield page;
  }
}
