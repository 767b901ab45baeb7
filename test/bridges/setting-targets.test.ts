import { expect, test } from 'vitest';
import { targetFaults } from '../../src/bridges/setting-targets.ts';

const contexts = new Set(['accounts', 'trading']);
const faultsOf = (bridges: Parameters<typeof targetFaults>[0]['bridges']) =>
  targetFaults({ bridges, inbound: [] }, contexts);

const filter = { types: [], contexts: [] };
const kafka = { kind: 'kafka', brokers: ['127.0.0.1:9092'], topic: 'events', filter };
const split = Object.assign({}, kafka, { perContext: true });
const nats = { kind: 'nats', servers: ['127.0.0.1:4222'], stream: 'DAYBOOK', filter };
const webhook = { kind: 'webhook', url: 'https://example.com/hook', secretEnv: 'SECRET', filter };
const accounts = { types: [], contexts: ['accounts'] };
const trading = { types: [], contexts: ['trading'] };

test('two topics of one context are a fault, whatever their bridges are named', () => {
  const ofTrading = Object.assign({}, split, { filter: trading });
  const whole = Object.assign({}, kafka, { topic: 'events.accounts' });
  expect(faultsOf([split, ofTrading, whole])).toEqual([
    'bridges[1].topic: bridges[0].topic has events.trading, too: give each bridge a separate one',
    'bridges[2].topic: bridges[0].topic has events.accounts, too: give each bridge a separate one',
  ]);
});

test('a topic of documents that is one of events is a fault', () => {
  const bridge = Object.assign({ state: [{ topic: 'events.accounts' }] }, split);
  const fault = 'bridges[0].topic has events.accounts, too: give each bridge a separate one';
  expect(faultsOf([bridge])).toEqual([`bridges[0].state[0].topic: ${fault}`]);
});

test.each([
  ['another context', { filter: trading }],
  ['another cluster', { brokers: ['127.0.0.1:9093'] }],
  ['all events', { perContext: false }],
])('a topic of %s is another one', (_what, other) => {
  const first = Object.assign({}, split, { filter: accounts });
  expect(faultsOf([first, Object.assign({}, first, other)])).toEqual([]);
});

const sameStream =
  'bridges[1].stream: bridges[0].stream is the same: give each bridge a separate one';
const sameTopic = 'bridges[1].topic: bridges[0].topic is the same: give each bridge a separate one';

test.each([
  ['nats://127.0.0.1:4222'],
  ['tls://LOCALHOST'],
  ['127.0.0.1'],
  ['  localhost:4222 '],
  ['nats://localhost:4222/'],
  ['[::1]:4222'],
  ['::1'],
  ['::ffff:127.0.0.1'],
  ['[::FFFF:127.0.0.1]:4222'],
  ['10.0.0.2:4222', 'localhost:4222'],
])('a stream on a server is the same for %s', (...servers) => {
  const other = Object.assign({}, nats, { servers });
  expect(faultsOf([nats, other])).toEqual([sameStream]);
  expect(faultsOf([other, nats])).toEqual([sameStream]);
});

test.each([['127.0.0.1:4223'], ['10.0.0.1'], ['[::2]'], ['localhost.example.com']])(
  'a stream on the server %s is another one',
  (...servers) => {
    expect(faultsOf([nats, Object.assign({}, nats, { servers })])).toEqual([]);
  },
);

test('two parts of the addresses of a cluster that another bridge lists are one place', () => {
  const at = (stream: string, ...servers: string[]) => Object.assign({}, nats, { stream, servers });
  const bridges = [at('DAYBOOK', 'a'), at('DAYBOOK', 'b'), at('OTHER', 'b:4222', 'A:4222')];
  expect(faultsOf(bridges)).toEqual([sameStream]);
});

test.each([
  ['in another order', ['b:9092', 'a:9092']],
  ['in part', ['c:9092', 'B:9092']],
])('a topic on brokers that are listed %s is the same', (_what, brokers) => {
  const first = Object.assign({}, kafka, { brokers: ['a:9092', 'b:9092'] });
  expect(faultsOf([first, Object.assign({}, first, { brokers })])).toEqual([sameTopic]);
});

test('a broker has no default port, and localhost is 127.0.0.1', () => {
  const other = (broker: string) => Object.assign({}, kafka, { brokers: [broker] });
  expect(faultsOf([kafka, other('localhost:9092')])).toEqual([sameTopic]);
  expect(faultsOf([kafka, other('localhost:4222')])).toEqual([]);
});

test('two webhooks that nothing distinguishes are a fault', () => {
  const same = Object.assign({}, webhook, { url: 'https://EXAMPLE.com:443/hook' });
  expect(faultsOf([webhook, same])).toEqual([
    'bridges[1].url: bridges[0].url is the same, with the same secret and filter: ' +
      'remove one of the two bridges',
  ]);
});

test.each([
  ['filter', { filter: accounts }],
  ['secret', { secretEnv: 'OTHER_SECRET' }],
  ['address', { url: 'https://example.com/other' }],
])('a webhook with another %s is another one', (_what, other) => {
  expect(faultsOf([webhook, Object.assign({}, webhook, other)])).toEqual([]);
});
