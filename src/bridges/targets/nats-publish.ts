import { type ApiError, JetStreamApiError } from '@nats-io/jetstream';
import { createInbox, type Msg, MsgHdrsImpl, type NatsConnection } from '@nats-io/transport-node';
import { onAbort } from '../../lib/on-abort.ts';

/** A message as it is published to a stream. */
export interface NatsMessage {
  readonly subject: string;
  /** Lines of a name, a colon, a space and a value, each with a line break at its end. */
  readonly headers: string;
  readonly data: string;
}

/** A message was not stored, or it is not known whether it was. The cause is why. */
export class NatsPublishError extends Error {
  readonly code = 'NATS_PUBLISH_FAILED';
  constructor(
    /** The index of the message among those published; all before it are stored. */
    readonly index: number,
    override readonly cause: Error,
  ) {
    super(cause.message, { cause });
  }
}

interface NatsPublisher {
  /**
   * Publishes messages in order, then waits until the stream has acknowledged all of them; one call
   * at a time. Returns their sequence numbers in the stream. Throws `NatsPublishError` for the
   * first message that is not acknowledged.
   */
  publish(messages: readonly NatsMessage[], signal: AbortSignal): Promise<readonly number[]>;
}

const ackMs = 10_000;

/**
 * Creates a publisher with one subscription for all acknowledgements and one deadline for a batch.
 * The client's own `publish` was rejected: it makes each message a request with a timer and two
 * stack traces, and compares each header with the others, which triples the processor time.
 */
export function createNatsPublisher(connection: NatsConnection): NatsPublisher {
  const inbox = createInbox();
  let batch = createBatch(0, 0);
  let published = 0;

  connection.subscribe(`${inbox}.*`, {
    callback(error, message) {
      if (error === null) batch.settle(Number(message.subject.slice(inbox.length + 1)), message);
      else batch.end(error);
    },
  });
  void connection.closed().then((error) => batch.end(error ?? new Error('NATS was disconnected')));
  void endAtErrors(connection, (error) => batch.end(error));

  function send(messages: readonly NatsMessage[], first: number): void {
    for (const [index, { subject, headers, data }] of messages.entries()) {
      const reply = `${inbox}.${first + index}`;
      try {
        // Small buffers share their memory, which costs less than an array for each text.
        const bytes = Buffer.from(data);
        connection.publish(subject, bytes, { headers: new TextHeaders(headers), reply });
      } catch (error) {
        batch.refuse(index, toError(error));
        return;
      }
    }
  }
  return {
    async publish(messages, signal) {
      batch = createBatch(published, messages.length);
      // So that a late acknowledgement of an earlier batch is not taken for one of this batch.
      published += messages.length;
      const { end } = batch;
      const timer = setTimeout(() => end(new Error('NATS did not acknowledge in time')), ackMs);
      const ignoreAbort = onAbort(signal, () => end(new Error('the bridge is stopping')));
      try {
        if (!signal.aborted) send(messages, published - messages.length);
        return await batch.acknowledged;
      } finally {
        clearTimeout(timer);
        ignoreAbort();
      }
    },
  };
}

/** Ends the batch when the server reports an error of no message, such as a missing permission. */
async function endAtErrors(connection: NatsConnection, end: (error: Error) => void): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === 'error') end(status.error);
  }
}

/** The messages that wait for an acknowledgement; the first has the number `first`. */
function createBatch(first: number, count: number) {
  const outcomes: (number | Error)[] = new Array(count);
  let waitingFor = count;
  let finish: (reason: Error) => void = () => {};
  const acknowledged = new Promise<readonly number[]>((resolve, reject) => {
    finish = (reason) => {
      const index = outcomes.findIndex((outcome) => typeof outcome !== 'number');
      if (index === -1) return resolve(outcomes as number[]);
      const outcome = outcomes[index];
      reject(new NatsPublishError(index, outcome instanceof Error ? outcome : reason));
    };
  });
  if (count === 0) finish(unknown);
  return {
    acknowledged,
    settle(number: number, message: Msg): void {
      const index = number - first;
      if (index < 0 || index >= count || outcomes[index] !== undefined) return;
      outcomes[index] = toOutcome(message);
      waitingFor -= 1;
      if (waitingFor === 0) finish(unknown);
    },
    /** The message cannot be sent, and no later one is. */
    refuse(index: number, reason: Error): void {
      outcomes[index] = reason;
      waitingFor -= count - index;
      if (waitingFor === 0) finish(unknown);
    },
    /** No more acknowledgements are expected. */
    end: (reason: Error): void => finish(reason),
  };
}

const unknown = new Error('NATS did not acknowledge');

interface Answer {
  readonly error?: ApiError;
  readonly seq?: number;
  readonly duplicate?: boolean;
}

/** The sequence number of a stored message, or why it is not stored. */
function toOutcome(message: Msg): number | Error {
  if (message.data.length === 0) return new Error('NATS has no stream for this subject');
  try {
    const { error, seq = 0, duplicate = false } = message.json<Answer>();
    if (error !== undefined) return new JetStreamApiError(error);
    return duplicate ? new Error('NATS has stored a message with this id recently') : seq;
  } catch (error) {
    return toError(error);
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** Headers that are only encoded; those of the client compare each name with all others. */
class TextHeaders extends MsgHdrsImpl {
  readonly #text: string;
  constructor(text: string) {
    super();
    this.#text = text;
  }

  override encode(): Uint8Array {
    return Buffer.from(`NATS/1.0\r\n${this.#text}\r\n`);
  }
}
