import { toDataSchema, toMessageType } from '../bridges/message.ts';
import { type BoundedContext, eventDefinitionsOf } from '../kernel/context.ts';
import type { JsonObject } from '../kernel/event.ts';
import { type EventDefinition, latestSchemaVersion } from '../kernel/event-definition.ts';
import { oneLine } from '../lib/one-line.ts';
import { toEventSchema } from './event-schemas.ts';
import { type AttributeSchema, attributeSchemas } from './message-attributes.ts';

/** How a kind of target carries a message. */
interface Form {
  /** The end of the names of its messages. */
  readonly suffix: string;
  /** The prefix of the names of attributes in headers; null: attributes are in the body. */
  readonly prefix: string | null;
}

const forms = {
  nats: { suffix: 'Nats', prefix: 'ce-' },
  kafka: { suffix: 'Kafka', prefix: 'ce_' },
  structured: { suffix: 'Structured', prefix: null },
} as const satisfies Readonly<Record<string, Form>>;

interface Channel {
  readonly form: Form;
  readonly address: string | null;
  readonly title: string;
  readonly description: string;
  readonly parameters?: JsonObject;
}

/** Describes the messages that bridges send, as an AsyncAPI 3 document. Pure. */
export function toAsyncApi(contexts: readonly BoundedContext[], version: string): JsonObject {
  const definitions = eventDefinitionsOf(contexts);
  const types = [...definitions.keys()];
  const channels = channelsOf(
    contexts.map(({ name }) => name),
    types,
  );
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Daybook',
      version,
      description: oneLine`The events of a Daybook log, as bridges send them to other systems. Each
        message is a CloudEvent. Messages of one stream keep their order.`,
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    channels: mapValues(channels, (channel) => toChannel(channel, types)),
    operations: Object.fromEntries(
      Object.entries(channels).map(([name, { title }]) => [
        `${name}Events`,
        { action: 'send', title, channel: { $ref: `#/channels/${name}` } },
      ]),
    ),
    components: {
      messages: Object.fromEntries(
        [...definitions].flatMap(([type, definition]) =>
          Object.values(forms).map((form) => [
            `${type}${form.suffix}`,
            toMessageObject(type, definition, form),
          ]),
        ),
      ),
      schemas: {
        ...Object.fromEntries(
          [...definitions].map(([type, definition]) => [type, toPayload(type, definition)]),
        ),
        NatsHeaders: toAttributes(forms.nats.prefix),
        KafkaHeaders: toAttributes(forms.kafka.prefix),
        StructuredAttributes: toAttributes(''),
      },
    },
  };
}

function channelsOf(contexts: readonly string[], types: readonly string[]) {
  const name = (description: string, values: { readonly default?: string } = {}) => ({
    description,
    ...values,
  });
  return {
    nats: {
      form: forms.nats,
      address: 'daybook.{context}.{type}.{streamId}',
      title: 'NATS JetStream',
      description: oneLine`The subject of an event in a NATS JetStream stream. A bridge without a
        filter that begins at the first event mirrors the log: the sequence numbers of the stream
        are those of the log.`,
      parameters: {
        context: { description: 'The bounded context of the event type.', enum: [...contexts] },
        type: { description: 'The event type.', enum: [...types] },
        streamId: { description: 'The id of the stream of events, such as `account-…`.' },
      },
    },
    kafka: {
      form: forms.kafka,
      address: '{topic}',
      title: 'Kafka',
      description: 'A Kafka topic. The key of a message is the id of its stream of events.',
      parameters: {
        topic: name('The topic in the configuration of the bridge.', { default: 'daybook.events' }),
      },
    },
    kinesis: {
      form: forms.structured,
      address: '{stream}',
      title: 'Amazon Kinesis',
      description: oneLine`A Kinesis data stream. The partition key of a message is the id of its
        stream of events. A message may be repeated: drop repeats by \`id\`.`,
      parameters: {
        stream: name('The stream in the configuration of the bridge.', { default: 'daybook' }),
      },
    },
    webhook: {
      form: forms.structured,
      address: null,
      title: 'Webhook',
      description: oneLine`The URL in the configuration of the bridge. Each message is a POST
        request, signed according to Standard Webhooks. A message may be repeated: drop repeats
        by \`id\`.`,
    },
  } as const satisfies Readonly<Record<string, Channel>>;
}

function toChannel(channel: Channel, types: readonly string[]): JsonObject {
  const { address, title, description, parameters, form } = channel;
  return {
    address,
    title,
    description,
    ...(parameters && { parameters }),
    messages: Object.fromEntries(
      types.map((type) => [type, { $ref: `#/components/messages/${type}${form.suffix}` }]),
    ),
  };
}

function toMessageObject(type: string, definition: EventDefinition, form: Form): JsonObject {
  const { description } = definition;
  const messageType = toMessageType(type);
  const named = { name: messageType, title: type, summary: description };
  const payload = { $ref: `#/components/schemas/${type}` };
  if (form.prefix === null) {
    return {
      ...named,
      contentType: 'application/cloudevents+json',
      payload: {
        allOf: [
          { $ref: '#/components/schemas/StructuredAttributes' },
          {
            type: 'object',
            properties: { type: { const: messageType }, data: payload },
            required: ['data'],
          },
        ],
      },
    };
  }
  return {
    ...named,
    contentType: 'application/json',
    headers: {
      allOf: [
        { $ref: `#/components/schemas/${form.suffix}Headers` },
        {
          type: 'object',
          properties: {
            [`${form.prefix}type`]: { const: messageType },
            [`${form.prefix}dataschema`]: {
              const: toDataSchema(type, latestSchemaVersion(definition)),
            },
          },
        },
      ],
    },
    payload,
  };
}

function toPayload(type: string, definition: EventDefinition): JsonObject {
  const { $schema: _draft, ...schema } = toEventSchema(type, definition);
  return schema;
}

/** The schema of all attributes, under the names that a form gives them. */
function toAttributes(prefix: string): JsonObject {
  const toName = (name: string) =>
    prefix !== '' && name === 'datacontenttype' ? 'content-type' : `${prefix}${name}`;
  const entries: readonly [string, AttributeSchema][] = Object.entries(attributeSchemas);
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, { schema }]) => [toName(name), schema])),
    required: entries.filter(([, { optional }]) => !optional).map(([name]) => toName(name)),
  };
}

function mapValues<Value>(
  record: Readonly<Record<string, Value>>,
  change: (value: Value) => JsonObject,
): JsonObject {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
