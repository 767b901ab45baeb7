import { expect, test } from 'vitest';
import { targetFaults } from '../../src/bridges/setting-targets.ts';

const contexts = new Set(['accounts', 'trading']);
const filter = { types: [], contexts: [] };
const kafka = { kind: 'kafka', brokers: ['127.0.0.1:9092'], topic: 'events', filter };
const split = Object.assign({}, kafka, { perContext: true });
const webhook = { kind: 'webhook', url: 'https://example.com/hook', secretEnv: 'SECRET', filter };
const accounts = { types: [], contexts: ['accounts'] };
const trading = { types: [], contexts: ['trading'] };

test('two topics of one context are a fault, whatever their bridges are named', () => {
  const ofTrading = Object.assign({}, split, { filter: trading });
  const whole = Object.assign({}, kafka, { topic: 'events.accounts' });
  expect(targetFaults([split, ofTrading, whole], contexts)).toEqual([
    'bridges[1].topic: bridges[0].topic has events.trading, too: give each bridge a separate one',
    'bridges[2].topic: bridges[0].topic has events.accounts, too: give each bridge a separate one',
  ]);
});

test('a topic of documents that is one of events is a fault', () => {
  const bridge = Object.assign({ state: [{ topic: 'events.accounts' }] }, split);
  const fault = 'bridges[0].topic has events.accounts, too: give each bridge a separate one';
  expect(targetFaults([bridge], contexts)).toEqual([`bridges[0].state[0].topic: ${fault}`]);
});

test.each([
  ['another context', { filter: trading }],
  ['another cluster', { brokers: ['127.0.0.1:9093'] }],
  ['all events', { perContext: false }],
])('a topic of %s is another one', (_what, other) => {
  const first = Object.assign({}, split, { filter: accounts });
  expect(targetFaults([first, Object.assign({}, first, other)], contexts)).toEqual([]);
});

test('two webhooks that nothing distinguishes are a fault', () => {
  const same = Object.assign({}, webhook, { url: 'https://EXAMPLE.com:443/hook' });
  expect(targetFaults([webhook, same], contexts)).toEqual([
    'bridges[1].url: bridges[0].url is the same, with the same secret and filter: ' +
      'remove one of the two bridges',
  ]);
});

test.each([
  ['filter', { filter: accounts }],
  ['secret', { secretEnv: 'OTHER_SECRET' }],
  ['address', { url: 'https://example.com/other' }],
])('a webhook with another %s is another one', (_what, other) => {
  expect(targetFaults([webhook, Object.assign({}, webhook, other)], contexts)).toEqual([]);
});
