import type { JsonObject, StoredEvent } from '../kernel/event.ts';

/**
 * The attributes of a message as CloudEvents 1.0 names them, without `specversion` and `previous`.
 * All are text, as in the HTTP, Kafka and NATS bindings.
 */
type Attributes = Readonly<Record<string, string>>;

/** What a bridge sends for one event, or for one document of a view. */
export interface Message {
  /** The sequence number of the event, or that at which the document was read. */
  readonly sequence: number;
  /** The id of the event at this sequence number. */
  readonly eventId: string;
  /** Messages of one key stay in order: the stream id, or the key of the document. */
  readonly key: string;
  readonly attributes: Attributes;
  /** JSON; null if the document no longer exists. */
  readonly data: string | null;
}

/** A message, linked to the previous one on its lane. */
export interface ChainedMessage extends Message {
  /** What orders the message in the target: a partition, a stream, an endpoint. */
  readonly lane: string;
  /** The sequence number of the previous message on the lane; 0 if there is none. */
  readonly previous: number;
}

/** The CloudEvents type of an event type. */
export function toMessageType(eventType: string): string {
  return `daybook.${eventType}`;
}

/** The event type of a CloudEvents type. */
export function toEventType(messageType: string): string {
  return messageType.replace(/^daybook\./, '');
}

/**
 * Where the JSON Schema of a schema version of an event type is, relative to the root of the
 * repository.
 */
export function toDataSchema(eventType: string, schemaVersion: number): string {
  return `schema/events/${eventType}.v${schemaVersion}.json`;
}

/** The data of an event as a message has it. */
interface MessageData {
  /** Its personal texts are open. */
  readonly data: JsonObject;
  /** The schema version of `data`: the latest one, not that of the stored event. */
  readonly dataVersion: number;
}

/** The message of an event of the log with the given UUID. Pure. */
export function toMessage(
  ledger: string,
  event: StoredEvent,
  { data, dataVersion }: MessageData,
): Message {
  const { sequence, id, streamId, causationId } = event;
  return {
    sequence,
    eventId: id,
    key: streamId,
    attributes: {
      id,
      source: `urn:uuid:${ledger}`,
      type: toMessageType(event.type),
      subject: streamId,
      time: event.recordedAt,
      datacontenttype: 'application/json',
      dataschema: toDataSchema(event.type, dataVersion),
      ledger,
      sequence: String(sequence),
      version: String(event.version),
      schemaversion: String(event.schemaVersion),
      actor: event.actor,
      correlationid: event.correlationId,
      ...(causationId === null ? {} : { causationid: causationId }),
      occurredat: event.occurredAt,
    },
    data: JSON.stringify(data),
  };
}

/** The message with a signed head of the log, in addition to what it says. */
export function withSignedHead(message: Message, head: string): Message {
  return { ...message, attributes: { ...message.attributes, signedhead: head } };
}

/** All attributes of a message in the order in which they are sent. */
export function attributesOf(message: ChainedMessage): [string, string][] {
  const pairs: [string, string][] = [];
  eachAttribute(message, (name, value) => pairs.push([name, value]));
  return pairs;
}

/** Calls the function with each attribute of a message in the order in which they are sent. */
export function eachAttribute(
  { attributes, previous }: ChainedMessage,
  take: (name: string, value: string) => void,
): void {
  take('specversion', '1.0');
  for (const name in attributes) take(name, attributes[name] ?? '');
  take('previous', String(previous));
}

/** The message in the structured mode of CloudEvents: one JSON object with the data. */
export function toStructured(message: ChainedMessage): string {
  const attributes = JSON.stringify(Object.fromEntries(attributesOf(message)));
  return `${attributes.slice(0, -1)},"data":${message.data ?? 'null'}}`;
}
