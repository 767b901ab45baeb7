/** A message that waits to become a command. */
export interface InboundMessage {
  /** Where the message is, such as "kafka:topic/0/17". */
  readonly origin: string;
  /** The same for every delivery of the message, and for no other message. */
  readonly idempotencyKey: string;
  readonly body: Uint8Array;
}

/** Why a message did not become a command, or its command was refused. */
interface Refusal {
  readonly code: string;
  readonly message: string;
}

/**
 * The system from which a bridge brings commands in. The runner makes one call at a time. After a
 * call that throws, the runner closes the source and opens another one, which delivers again every
 * message that was not acknowledged. `BridgeParkedError` parks the bridge.
 */
export interface CommandSource<Message extends InboundMessage = InboundMessage> {
  /** One line about messages that the bridge may have missed; absent: there are none. */
  readonly notice?: string | undefined;
  /**
   * The next messages, in the order of their partition or stream. Waits for them, about a second
   * at most; empty if there are none.
   */
  next(signal: AbortSignal): Promise<readonly Message[]>;
  /**
   * Acknowledges the first messages that `next` has returned and that are not acknowledged yet, in
   * their order: they are not delivered again, except after a failure.
   */
  acknowledge(messages: readonly Message[]): Promise<void>;
  /** Writes a message and the reason to the dead letters; resolves once they are stored. */
  deadLetter(message: Message, refusal: Refusal): Promise<void>;
  /** The number of messages that are not acknowledged yet. */
  waiting(): Promise<number>;
  /** Releases all connections; never throws. */
  close(): Promise<void>;
}

/** How to open a source. */
export interface CommandSourceKind {
  open(signal: AbortSignal): Promise<CommandSource>;
}

/** The headers of a dead letter, in addition to those of the message. */
export function deadLetterHeaders(
  bridge: string,
  { origin, idempotencyKey, body }: InboundMessage,
  { code, message }: Refusal,
): readonly (readonly [name: string, value: string])[] {
  const line = message.replaceAll(/\s+/g, ' ').slice(0, reasonLengthMax);
  return [
    ['daybook-reason', `${code}: ${line}`],
    ['daybook-code', code],
    ['daybook-origin', origin],
    ['daybook-key', idempotencyKey],
    ['daybook-bridge', bridge],
    ['daybook-bytes', String(body.length)],
  ];
}

const reasonLengthMax = 1_000;

/** The headers of a message that fit into its dead letter, in their order. */
export function keptHeaders<Part extends { readonly length: number }>(
  headers: readonly (readonly [name: Part, value: Part])[],
): readonly (readonly [name: Part, value: Part])[] {
  let room = headerLengthMax;
  return headers.filter(([name, value]) => {
    const length = name.length + value.length + headerOverhead;
    if (length > room) return false;
    room -= length;
    return true;
  });
}

/** NATS stores 65,535 bytes of headers at most; a character has up to three bytes. */
const headerLengthMax = 16 * 1024;
/** The approximate size of a header in addition to its name and value. */
const headerOverhead = 8;

/**
 * The body of a dead letter. With the headers, a body near the limit of the system would exceed it.
 * Only the beginning of such a body is kept; the header "daybook-bytes" has its full size.
 */
export function deadLetterBody({ body }: InboundMessage): Uint8Array {
  return body.length > bodyBytesMax ? body.subarray(0, bodyBytesMax) : body;
}

const bodyBytesMax = 512 * 1024;
