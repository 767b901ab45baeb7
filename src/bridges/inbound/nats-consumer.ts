import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamState,
} from '@nats-io/jetstream';
import { delay } from '../../lib/delay.ts';
import { BridgeParkedError } from '../errors.ts';
import { toNatsName } from '../setting-names.ts';
import type { NatsInboundSettings } from '../settings.ts';

/** A message has a megabyte at most, unless the server is configured otherwise. */
export const batchMax = 128;
/** How long a request for messages waits. */
export const waitMs = 1_000;
/** After this time the server delivers again what was not acknowledged. */
export const ackWaitMs = 5_000;

/** The name of the consumer. */
export function toDurable({ name }: NatsInboundSettings): string {
  return `daybook-${toNatsName(name)}`;
}

/**
 * Creates or updates the durable consumer of a bridge. Throws `BridgeParkedError` if the stream
 * does not exist, or has deleted messages that were not read. Returns one line if it has deleted
 * messages of which some may have the subject of the bridge.
 */
export async function ensureConsumer(
  manager: JetStreamManager,
  settings: NatsInboundSettings,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { stream, subject } = settings;
  const durable = toDurable(settings);
  const config: Partial<ConsumerConfig> = {
    ack_wait: ackWaitMs * 1e6,
    max_ack_pending: batchMax,
    ...(subject === undefined ? {} : { filter_subject: subject }),
  };
  const { state } = await manager.streams.info(stream).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
    throw new BridgeParkedError(`there is no stream ${stream}: create it, then retry the bridge`);
  });
  const known = await manager.consumers.info(stream, durable).catch((error: unknown) => {
    if (isNotFound(error)) return null;
    throw error;
  });
  if (known === null) {
    await manager.consumers.add(stream, {
      ...config,
      durable_name: durable,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      max_deliver: -1,
    });
    return undefined;
  }
  const notice = findDeleted(stream, state, known);
  // Without a subject, undefined removes the filter.
  const changed = { ...config, filter_subject: subject } as Partial<ConsumerConfig>;
  await manager.consumers.update(stream, durable, changed);
  // The predecessor has left messages behind. Later ones must not come before them: wait until
  // the server delivers them again, which it does in order and before all others.
  if (known.num_ack_pending > 0) await delay(ackWaitMs + waitMs, signal);
  return notice;
}

/**
 * Parks the bridge if its stream has deleted messages that were not read. Returns one line if that
 * cannot be known: messages of other subjects do not move what a consumer with a subject has
 * acknowledged.
 */
function findDeleted(
  stream: string,
  { first_seq: first }: StreamState,
  { config, ack_floor, name }: ConsumerInfo,
): string | undefined {
  const next = ack_floor.stream_seq + 1;
  if (first <= next) return undefined;
  const deleted = `messages ${next} to ${first - 1} of ${stream} were deleted`;
  const subject = config.filter_subject ?? '';
  if (subject !== '') return `${deleted}; those with the subject ${subject} were not read`;
  throw new BridgeParkedError(
    `${deleted} before they were read: delete the consumer ${name}, then retry the bridge`,
  );
}

/** Creates a stream for the dead letters unless one keeps their subject. */
export async function ensureDeadLetters(
  manager: JetStreamManager,
  { name, deadLetter }: NatsInboundSettings,
): Promise<void> {
  const found = await manager.streams.find(deadLetter).catch(() => null);
  if (found !== null) return;
  await manager.streams.add({
    name: `DAYBOOK_DEAD_${toNatsName(name)}`,
    subjects: [deadLetter],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
  });
}

function isNotFound(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.status === 404;
}
