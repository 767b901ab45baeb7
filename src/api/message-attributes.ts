import type { JsonObject } from '../kernel/event.ts';

/** The JSON Schema of an attribute of a message; all attributes are text. */
export interface AttributeSchema {
  readonly schema: JsonObject;
  /** Whether a message may lack it. */
  readonly optional: boolean;
}

const whole = { pattern: '^\\d+$' };
const time = { format: 'date-time' };
const uuid = { format: 'uuid' };

/** The attributes of every message of a bridge, in the order in which they are sent. */
export const attributeSchemas: Readonly<Record<string, AttributeSchema>> = {
  specversion: attribute('The version of CloudEvents.', { const: '1.0' }),
  id: attribute('The id of the event.', uuid),
  source: attribute('The log that recorded the event, as a URN of its UUID.', { format: 'uri' }),
  type: attribute('The event type, after `daybook.`.'),
  subject: attribute('The id of the stream of the event.'),
  time: attribute('The time at which the log recorded the event, with six digits.', time),
  datacontenttype: attribute('The media type of the data.', { const: 'application/json' }),
  dataschema: attribute('The JSON Schema of the data, as a path in the repository of Daybook.', {
    format: 'uri-reference',
  }),
  ledger: attribute('The UUID of the log.', uuid),
  sequence: attribute('The sequence number of the event in the log.', whole),
  version: attribute('The number of the event in its stream, from 1.', whole),
  schemaversion: attribute('The schema version in which the event is stored.', whole),
  actor: attribute('The actor who caused the event.'),
  correlationid: attribute('The id that all events of one request share.'),
  causationid: optional(attribute('The id of the event that caused this one, if one did.')),
  occurredat: attribute('The time at which the fact happened in the world.', time),
  signedhead: optional(
    attribute(
      'The last signed head of the log, on the first message after it was signed: one line of ' +
        'JSON, as docs/log-format.md describes it.',
    ),
  ),
  previous: attribute(
    'The sequence number of the previous message on the same partition, stream or endpoint; ' +
      '0 if there is none.',
    whole,
  ),
};

function attribute(description: string, more: JsonObject = {}): AttributeSchema {
  return { schema: { type: 'string', description, ...more }, optional: false };
}

function optional({ schema }: AttributeSchema): AttributeSchema {
  return { schema, optional: true };
}
