import { delay } from '../../lib/delay.ts';
import { createBackOff } from '../back-off.ts';
import { BridgeParkedError } from '../errors.ts';
import { type ChainedMessage, toStructured } from '../message.ts';
import type { KinesisSettings } from '../settings.ts';
import type { Target, TargetKind } from '../target.ts';
import { createRounds, type KeyedRecord } from './rounds.ts';

interface KinesisTargetOptions {
  readonly settings: KinesisSettings;
}

/**
 * If all events of a batch are of one stream, each needs a call of about 10 ms. The limit lets the
 * batch in flight finish within the three seconds that a stopping program has.
 */
const batchMax = 200;
/** The limit of a record and its key on streams for which no higher one was set. */
const recordBytesMax = 1024 * 1024;
const connectMs = 5_000;
const answerMs = 15_000;
/** A batch of which nothing was accepted for this long has failed. */
const stuckMs = 10_000;

/**
 * A Kinesis data stream, at least once. Kinesis does not refuse repeats, and does not report what
 * it has received from a producer. So the checkpoint is saved after each batch, and a batch whose
 * outcome is unknown is sent again with the same ids. If repeats are dropped, each event stream is
 * in order. The AWS SDK finds the credentials.
 */
export function kinesisTarget({ settings }: KinesisTargetOptions): TargetKind {
  // The events of an incomplete batch that Kinesis has. A further attempt does not repeat them.
  const accepted = new Set<string>();
  return {
    batchMax,
    open: () => openStream(settings, accepted),
  };
}

async function openStream(settings: KinesisSettings, accepted: Set<string>): Promise<Target> {
  const { stream, region, endpoint } = settings;
  // Loaded here, because it takes 100 ms and 17 MB that programs without Kinesis can save.
  const { KinesisClient, PutRecordsCommand } = await import('@aws-sdk/client-kinesis');
  const { NodeHttpHandler } = await import('@smithy/node-http-handler');
  const client = new KinesisClient({
    region,
    ...(endpoint !== undefined && { endpoint }),
    // HTTP/1.1, also for endpoints without TLS. Attempts are repeated here, not by the client.
    requestHandler: new NodeHttpHandler({
      connectionTimeout: connectMs,
      requestTimeout: answerMs,
      throwOnRequestTimeout: true,
    }),
    maxAttempts: 1,
  });

  /** Sends records, each with a different key. Returns what became of each: an error, or null. */
  async function put(
    records: readonly KeyedRecord[],
    signal: AbortSignal,
  ): Promise<readonly (string | null)[]> {
    const command = new PutRecordsCommand({
      StreamName: stream,
      Records: records.map(({ key, bytes }) => ({ PartitionKey: key, Data: bytes })),
    });
    try {
      const { Records = [] } = await client.send(command, { abortSignal: signal });
      return records.map((_, index) => {
        const { ErrorCode, SequenceNumber } = Records[index] ?? {};
        return SequenceNumber === undefined ? (ErrorCode ?? 'no answer for the record') : null;
      });
    } catch (error) {
      if (!isThrottled(error)) throw error;
      return records.map(() => error.name);
    }
  }

  return {
    last: async () => null,
    laneOf: () => stream,
    async send(messages, signal) {
      const rest = messages.filter(({ eventId }) => !accepted.has(eventId));
      await sendRounds(rest.map(toRecord), { put, accepted, signal });
      accepted.clear();
    },
    async close() {
      client.destroy();
    },
  };
}

interface Sending {
  readonly put: (
    records: readonly KeyedRecord[],
    signal: AbortSignal,
  ) => Promise<readonly (string | null)[]>;
  readonly accepted: Set<string>;
  readonly signal: AbortSignal;
}

async function sendRounds(
  records: readonly KeyedRecord[],
  { put, accepted, signal }: Sending,
): Promise<void> {
  const rounds = createRounds(records);
  const backOff = createBackOff();
  let progressAt = performance.now();
  for (let round = rounds.next(); round.length > 0; round = rounds.next()) {
    signal.throwIfAborted();
    const outcomes = await put(round, signal);
    const sent = round.filter((_, index) => outcomes[index] === null);
    rounds.remove(sent);
    for (const { id } of sent) accepted.add(id);
    if (sent.length > 0) progressAt = performance.now();
    if (sent.length === round.length) {
      backOff.reset();
      continue;
    }
    const reason = outcomes.find((outcome) => outcome !== null);
    if (performance.now() - progressAt > stuckMs) {
      throw new Error(`Kinesis refused ${round.length - sent.length} records: ${reason}`);
    }
    await delay(backOff.next(), signal);
  }
}

function toRecord(message: ChainedMessage): KeyedRecord {
  const { key, eventId: id, sequence } = message;
  const bytes = Buffer.from(toStructured(message));
  if (bytes.length + Buffer.byteLength(key) > recordBytesMax) {
    throw new BridgeParkedError(
      `event ${sequence} is too large for Kinesis: its record has ${bytes.length} bytes, ` +
        `the limit with the key is ${recordBytesMax}; leave its type out with a filter`,
    );
  }
  return { id, key, bytes };
}

function isThrottled(error: unknown): error is Error {
  return (
    error instanceof Error &&
    ['ProvisionedThroughputExceededException', 'LimitExceededException'].includes(error.name)
  );
}
