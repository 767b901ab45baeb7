import {
  DeliverPolicy,
  jetstream,
  jetstreamManager,
  PubHeaders,
  type StreamConfig,
} from '@nats-io/jetstream';
import { connect, headers as createHeaders, type MsgHdrs } from '@nats-io/transport-node';
import { answerJobs } from '../answer-jobs.mjs';

/** The NATS client alone, which publishes what the bridge has published. */
answerJobs({ take, publish });

interface Taken {
  readonly subject: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly data: Uint8Array;
}

interface Place {
  readonly address: string;
  readonly stream: string;
}

/** Messages whose headers are made at a time, before the clock runs. */
const preparedMax = 10_000;
const expectations: ReadonlySet<string> = new Set([
  PubHeaders.ExpectedStreamHdr,
  PubHeaders.ExpectedLastSeqHdr,
]);
let taken: readonly Taken[] = [];
let config: StreamConfig;

/** Reads the first messages of a stream, and deletes it. Returns how many there are. */
async function take({ address, stream, count }: Place & { readonly count: number }) {
  const connection = await connect({ servers: [address] });
  const manager = await jetstreamManager(connection);
  config = (await manager.streams.info(stream)).config;
  const { consumers } = jetstream(connection);
  const consumer = await consumers.get(stream, { deliver_policy: DeliverPolicy.All });
  const messages: Taken[] = [];
  for await (const { subject, headers, data } of await consumer.consume({ max_messages: 1_000 })) {
    const names = (headers?.keys() ?? []).filter((name) => !expectations.has(name));
    const pairs = names.map((name) => [name, headers?.get(name) ?? ''] as const);
    messages.push({ subject, headers: pairs, data: Uint8Array.from(data) });
    if (messages.length >= count) break;
  }
  taken = messages;
  await manager.streams.delete(stream);
  await connection.close();
  return taken.length;
}

/**
 * Publishes the messages to a new stream of the same configuration, with the same expectations;
 * deletes it. Returns the milliseconds from the first message to the last acknowledgement.
 */
async function publish({ address, stream, inFlight }: Place & { readonly inFlight: number }) {
  const connection = await connect({ servers: [address], noAsyncTraces: true });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ ...config, name: stream });
  const client = jetstream(connection, { timeout: 10_000 });
  let tookMs = 0;
  for (let first = 0; first < taken.length; first += preparedMax) {
    const part = taken.slice(first, first + preparedMax);
    const prepared = part.map(({ headers }) => {
      const own = createHeaders();
      for (const [name, value] of headers) own.append(name, value);
      return own;
    });
    const startedAt = performance.now();
    await publishPart(part, prepared, first);
    tookMs += performance.now() - startedAt;
  }

  async function publishPart(part: readonly Taken[], prepared: MsgHdrs[], first: number) {
    let next = 0;
    async function keepPublishing(): Promise<void> {
      while (next < part.length) {
        const index = next;
        next += 1;
        const { subject, data } = part[index] as Taken;
        const expect = { streamName: stream, lastSequence: first + index };
        const ack = await client.publish(subject, data, {
          headers: prepared[index] as MsgHdrs,
          expect,
        });
        if (ack.seq !== first + index + 1) throw new Error(`unexpected message ${ack.seq}`);
      }
    }
    await Promise.all(Array.from({ length: inFlight }, keepPublishing));
  }
  await manager.streams.delete(stream);
  await connection.close();
  return tookMs;
}
