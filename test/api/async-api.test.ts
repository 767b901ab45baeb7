import { Parser } from '@asyncapi/parser';
import { expect, test } from 'vitest';
import { chain } from '../../src/bridges/chain.ts';
import {
  attributesOf,
  toDataSchema,
  toMessage,
  withSignedHead,
} from '../../src/bridges/message.ts';
import { modules } from '../../src/contexts/all.ts';
import { eventDefinitionsOf } from '../../src/kernel/context.ts';
import type { StoredEvent } from '../../src/kernel/event.ts';
import { latestSchemaVersion } from '../../src/kernel/event-definition.ts';
import { readFile } from '../architecture/sources.ts';

const { text } = readFile('schema/asyncapi.json');

/** An event with every attribute that a message can have. */
const event: StoredEvent = {
  id: '0190a1b2-0000-7000-8000-000000000001',
  sequence: 2,
  streamId: 'account-1',
  version: 1,
  type: 'CashDeposited',
  schemaVersion: 1,
  data: { amount: '1.00' },
  actor: 'ann',
  correlationId: '0190a1b2-0000-7000-8000-000000000002',
  commandId: '0190a1b2-0000-7000-8000-000000000005',
  causationId: '0190a1b2-0000-7000-8000-000000000003',
  recordedAt: '2026-01-01T00:00:00.000000Z',
  occurredAt: '2026-01-01T00:00:00.000000Z',
};

function namesSent(): readonly string[] {
  const ledger = '0190a1b2-0000-7000-8000-000000000004';
  const sent = toMessage(ledger, event, { data: event.data, dataVersion: 2 });
  const [message] = chain([withSignedHead(sent, 'head')], new Map(), {
    laneOf: () => 'lane',
    shared: false,
  });
  if (message === undefined) throw new Error('the message is not in the chain');
  return attributesOf(message).map(([name]) => name);
}

test('the AsyncAPI document passes the AsyncAPI parser', async () => {
  const { document, diagnostics } = await new Parser().parse(text);
  const bad = diagnostics.filter(({ severity }) => severity < 2);
  expect(bad.map(({ code, path, message }) => ({ code, path, message }))).toEqual([]);
  expect(document?.channels().all()).toHaveLength(4);
});

test('the AsyncAPI document has a message for every event type with its printed schema', () => {
  const { channels, components } = JSON.parse(text);
  const definitions = eventDefinitionsOf(modules.map(({ context }) => context));
  for (const [type, definition] of definitions) {
    const name = toDataSchema(type, latestSchemaVersion(definition));
    const { $schema, ...schema } = JSON.parse(readFile(name).text);
    expect(components.schemas[type]).toEqual(schema);
    for (const channel of ['nats', 'kafka', 'kinesis', 'webhook']) {
      const { $ref } = channels[channel].messages[type];
      expect(components.messages[$ref.split('/').at(-1)].name).toBe(`daybook.${type}`);
    }
  }
});

test.each([
  ['NatsHeaders', 'ce-'],
  ['KafkaHeaders', 'ce_'],
  ['StructuredAttributes', ''],
])('%s of the AsyncAPI document are the attributes that a message has', (schema, prefix) => {
  const { components } = JSON.parse(text);
  const sent = namesSent().map((name) =>
    prefix !== '' && name === 'datacontenttype' ? 'content-type' : `${prefix}${name}`,
  );
  expect(Object.keys(components.schemas[schema].properties)).toEqual(sent);
  const optional = [`${prefix}causationid`, `${prefix}signedhead`];
  const required = sent.filter((name) => !optional.includes(name));
  expect(components.schemas[schema].required).toEqual(required);
});
