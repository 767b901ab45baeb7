import { describe, expect, test } from 'vitest';
import { BridgeSettingsError, parseBridgeSettings } from '../../src/bridges/settings.ts';

const known = {
  types: new Set<string>(),
  contexts: new Set(['accounts', 'trading']),
  views: new Set(['accounts']),
  hasSecret: () => true,
};
const brokers = ['127.0.0.1:9092'];
const servers = ['127.0.0.1:4222'];
const events = { name: 'events', kind: 'kafka', brokers, topic: 'events' };
const stream = { name: 'stream', kind: 'nats', servers, stream: 'DAYBOOK' };
const fromKafka = { kind: 'kafka', brokers, topic: 'commands', group: 'g', actor: 'payments' };
const kafka = Object.assign({ name: 'kafka', deadLetter: 'commands.dead' }, fromKafka);
const fromNats = { kind: 'nats', servers, stream: 'COMMANDS', actor: 'payments' };
const nats = Object.assign({ name: 'nats', deadLetter: 'dead.commands' }, fromNats);

const change = (entry: object, ...changes: object[]) => Object.assign({}, entry, ...changes);

function faultsOf(bridges: readonly object[], inbound: readonly object[]): readonly string[] {
  try {
    parseBridgeSettings(JSON.stringify({ bridges, inbound }), known);
    return [];
  } catch (error) {
    if (error instanceof BridgeSettingsError) return error.faults;
    throw error;
  }
}

test('bridges in both directions share servers', () => {
  const again = change(kafka, { name: 'again', topic: 'other' });
  expect(faultsOf([events, stream], [kafka, nats, again])).toEqual([]);
});

describe('dead letters that an outbound bridge writes are a fault:', () => {
  const split = change(events, { perContext: true });
  const state = change(events, { state: [{ view: 'accounts', topic: 'accounts' }] });
  const use = 'use a topic that no outbound bridge writes';
  test.each([
    ['a topic of events', events, 'events', 'bridges[0].topic is the same'],
    ['a topic of a context', split, 'events.trading', 'bridges[0].topic has events.trading, too'],
    ['a state topic', state, 'accounts', 'bridges[0].state[0].topic is the same'],
  ])('%s', (_what, bridge, deadLetter, fault) => {
    const entry = change(kafka, { deadLetter, brokers: ['localhost:9092', '10.0.0.2:9092'] });
    expect(faultsOf([bridge], [entry])).toEqual([`inbound[0].deadLetter: ${fault}: ${use}`]);
  });

  test.each([
    ['the default subject', stream, 'daybook.dead', 'daybook.>'],
    ['another subject', change(stream, { subject: 'a.b' }), 'a.b.c.dead', 'a.b.>'],
  ])('a subject below %s', (_what, bridge, deadLetter, subjects) => {
    const fault = `bridges[0] writes the subjects ${subjects}: use a subject outside of them`;
    const entry = change(nats, { deadLetter, servers: ['localhost'] });
    expect(faultsOf([bridge], [entry])).toEqual([`inbound[0].deadLetter: ${fault}`]);
  });

  test('but not those of other servers or names', () => {
    const far = change(kafka, { deadLetter: 'events', brokers: ['127.0.0.1:9093'] });
    const near = change(nats, { deadLetter: 'daybooks.dead' });
    const whole = change(nats, { name: 'whole', deadLetter: 'daybook' });
    const farther = change(nats, { name: 'far', deadLetter: 'daybook.x', servers: ['10.0.0.1'] });
    const named = change(nats, { name: 'named', deadLetter: 'DAYBOOK' });
    expect(faultsOf([events, stream], [far, near, whole, farther, named])).toEqual([]);
  });
});

describe('dead letters that an inbound bridge reads are a fault:', () => {
  test('those of the bridge', () => {
    const topic = change(kafka, { deadLetter: 'commands' });
    const subject = change(nats, { subject: 'dead.commands' });
    expect(faultsOf([], [topic, subject])).toEqual([
      'inbound[0].deadLetter: inbound[0].topic is the same: use a topic that no bridge reads',
      'inbound[1].deadLetter: inbound[1].subject is the same: use a subject that no bridge reads',
    ]);
  });

  test('those of another bridge', () => {
    const again = { name: 'again', topic: 'commands.dead', deadLetter: 'dead', group: 'again' };
    const reader = change(kafka, again, { brokers: ['localhost:9092'] });
    const subject = change(nats, { name: 'other', deadLetter: 'other', subject: 'dead.commands' });
    expect(faultsOf([], [kafka, nats, reader, subject])).toEqual([
      'inbound[0].deadLetter: inbound[2].topic is the same: use a topic that no bridge reads',
      'inbound[1].deadLetter: inbound[3].subject is the same: use a subject that no bridge reads',
    ]);
  });

  test('but two bridges may share them', () => {
    const topic = change(kafka, { name: 'kafka-2', topic: 'commands-2' });
    const subject = change(nats, { name: 'nats-2', stream: 'COMMANDS_2' });
    expect(faultsOf([], [kafka, nats, topic, subject])).toEqual([]);
  });

  test('but a subject with wildcards may have them', () => {
    expect(faultsOf([], [change(nats, { subject: 'dead.>' })])).toEqual([]);
  });
});

test.each([
  ['a topic', events, change(kafka, { topic: 'events' }), 'topic', 'is the same'],
  ['a stream', stream, change(nats, { stream: 'DAYBOOK' }), 'stream', 'is the same'],
  [
    'a topic of a context',
    change(events, { perContext: true }),
    change(kafka, { topic: 'events.accounts' }),
    'topic',
    'has events.accounts, too',
  ],
])('%s of events that an inbound bridge reads is a fault', (_what, bridge, entry, member, is) => {
  const fault = `bridges[0].${member} ${is}: commands need a separate one`;
  expect(faultsOf([bridge], [entry])).toEqual([`inbound[0].${member}: ${fault}`]);
});

test('two bridges that share the messages of a topic are a fault', () => {
  const same = change(kafka, { name: 'same', brokers: ['LOCALHOST:9092'] });
  const other = change(kafka, { name: 'other', group: 'other' });
  const far = change(kafka, { name: 'far', brokers: ['127.0.0.1:9093'] });
  expect(faultsOf([], [kafka, same, other, far])).toEqual([
    'inbound[1].group: inbound[0] has the same topic and group: give each bridge a separate group',
  ]);
});

test('two bridges whose names are one in NATS are a fault', () => {
  const first = change(nats, { name: 'a.b' });
  const second = change(nats, { name: 'a_b' });
  const far = change(second, { name: 'a.b_c', servers: ['10.0.0.1'] });
  const farther = change(second, { name: 'a_b_c', servers: ['10.0.0.2'] });
  expect(faultsOf([], [first, second, far, farther])).toEqual([
    'inbound[1].name: NATS has the name a_b for inbound[0], too: use another name',
  ]);
});
