import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { BridgeSettingsError, parseBridgeSettings } from '../../src/bridges/settings.ts';
import { readFile, root } from '../architecture/sources.ts';

const known = {
  types: new Set(['CashDeposited', 'PriceRecorded']),
  contexts: new Set(['accounts', 'trading']),
  views: new Set(['accounts', 'orders']),
  commands: new Map([
    [
      'recordPrice',
      { all: new Set(['symbol', 'price', 'occurredAt']), required: new Set(['symbol', 'price']) },
    ],
  ]),
  hasSecret: (name: string) => name !== 'NOT_SET',
};

function faultsOf(value: unknown): readonly string[] {
  try {
    parseBridgeSettings(typeof value === 'string' ? value : JSON.stringify(value), known);
    return [];
  } catch (error) {
    if (error instanceof BridgeSettingsError) return error.faults;
    throw error;
  }
}

const nats = { name: 'nats', kind: 'nats', servers: ['127.0.0.1:4222'], stream: 'DAYBOOK' };
const kafka = { name: 'kafka', kind: 'kafka', brokers: ['127.0.0.1:9092'], topic: 'events' };
const kinesis = { name: 'kinesis', kind: 'kinesis', stream: 'daybook', region: 'eu-central-1' };
const webhook = {
  name: 'hook',
  kind: 'webhook',
  url: 'https://example.com/hook',
  secretEnv: 'HOOK_SECRET',
};
const prices = {
  name: 'prices',
  kind: 'nats',
  servers: ['127.0.0.1:4222'],
  stream: 'PRICES',
  actor: 'feed',
  deadLetter: 'prices.dead',
};

const commands = {
  name: 'commands',
  kind: 'kafka',
  brokers: ['127.0.0.1:9092'],
  topic: 'commands',
  group: 'daybook',
  actor: 'payments',
  deadLetter: 'commands.dead',
};

test('the example of the documentation is valid', () => {
  const text = readFileSync(path.join(root, 'docs/bridges.example.json'), 'utf8');
  const { bridges, inbound } = parseBridgeSettings(text, known);
  expect(bridges.map(({ kind }) => kind)).toEqual(['nats', 'kafka', 'kinesis', 'webhook']);
  expect(inbound.map(({ kind }) => kind)).toEqual(['nats', 'kafka']);
});

test('the example of the README is valid', () => {
  const [, json = ''] = /^```json\n([\s\S]*?)^```$/m.exec(readFile('README.md').text) ?? [];
  const { bridges } = parseBridgeSettings(json, known);
  expect(bridges.map(({ kind }) => kind)).toEqual(['nats', 'kafka', 'kinesis', 'webhook']);
});

test('an empty file has no bridges', () => {
  expect(parseBridgeSettings('{}', known)).toEqual({ bridges: [], inbound: [] });
});

test('a bridge has defaults', () => {
  const { bridges } = parseBridgeSettings(JSON.stringify({ bridges: [nats] }), known);
  expect(bridges[0]).toMatchObject({
    from: 'beginning',
    filter: { types: [], contexts: [] },
    tls: false,
    replicas: 1,
  });
});

const without = (entry: object, member: string) =>
  Object.fromEntries(Object.entries(entry).filter(([name]) => name !== member));

test.each<[what: string, value: unknown, faults: readonly (string | RegExp)[]]>([
  ['text that is not JSON', '{ "bridges": ', [/^not JSON: /]],
  ['a list', [], ['the file: must be an object, not a list']],
  ['null', null, ['the file: must be an object, not null']],
  [
    'an unknown member of the file',
    { brigdes: [] },
    ['the file: unknown member brigdes; the members are bridges, inbound'],
  ],
  ['bridges that are no list', { bridges: {} }, ['bridges: must be a list, not an object']],
  ['a bridge that is text', { bridges: ['nats'] }, ['bridges[0]: must be an object, not text']],
  [
    'a bridge without a kind',
    { bridges: [without(nats, 'kind')] },
    ['bridges[0].kind: must be one of nats, kafka, kinesis, webhook'],
  ],
  [
    'an unknown kind',
    { bridges: [Object.assign({}, nats, { kind: 'rabbit' })] },
    ['bridges[0].kind: must be one of nats, kafka, kinesis, webhook'],
  ],
  [
    'a kind that brings no commands in',
    { inbound: [Object.assign({}, prices, { kind: 'kinesis' })] },
    ['inbound[0].kind: must be one of nats, kafka'],
  ],
  ['no stream', { bridges: [without(nats, 'stream')] }, ['bridges[0].stream: is missing']],
  [
    'a number for text',
    { bridges: [Object.assign({}, nats, { stream: 7 })] },
    ['bridges[0].stream: must be text, not a number'],
  ],
  [
    'empty text',
    { bridges: [Object.assign({}, kinesis, { stream: '' })] },
    ['bridges[0].stream: must not be empty'],
  ],
  [
    'text that is too long',
    { bridges: [Object.assign({}, kinesis, { stream: 'x'.repeat(256) })] },
    ['bridges[0].stream: must have at most 255 characters'],
  ],
  [
    'no address',
    { bridges: [Object.assign({}, nats, { servers: [] })] },
    ['bridges[0].servers: must not be empty'],
  ],
  [
    'an address for a list',
    { bridges: [Object.assign({}, nats, { servers: 'localhost' })] },
    ['bridges[0].servers: must be a list, not text'],
  ],
  [
    'an unknown member',
    { bridges: [Object.assign({}, kinesis, { steam: 'x' })] },
    [
      'bridges[0]: unknown member steam; the members are ' +
        'kind, name, from, filter, stream, region, endpoint',
    ],
  ],
  [
    'two unknown members',
    { bridges: [Object.assign({}, nats, { filter: { type: [], context: [] } })] },
    ['bridges[0].filter: unknown members type, context; the members are types, contexts'],
  ],
  [
    'a bad name',
    { bridges: [Object.assign({}, nats, { name: 'my bridge' })] },
    ['bridges[0].name: must be 1 to 63 letters, digits, ".", "_" or "-"'],
  ],
  [
    'a bad beginning',
    { bridges: [Object.assign({}, nats, { from: 'start' })] },
    ['bridges[0].from: must be "beginning", "now" or a sequence number'],
  ],
  [
    'too many replicas',
    { bridges: [Object.assign({}, nats, { replicas: 9 })] },
    ['bridges[0].replicas: must be at most 5'],
  ],
  [
    'a fraction of a partition',
    { bridges: [Object.assign({}, kafka, { partitions: 1.5 })] },
    ['bridges[0].partitions: must be a whole number, not 1.5'],
  ],
  [
    'no partition',
    { bridges: [Object.assign({}, kafka, { partitions: 0 })] },
    ['bridges[0].partitions: must be at least 1'],
  ],
  [
    'a limit of nothing',
    { bridges: [Object.assign({}, nats, { maxAgeDays: 0, maxBytes: 0 })] },
    ['bridges[0].maxAgeDays: must be more than 0', 'bridges[0].maxBytes: must be more than 0'],
  ],
  [
    'text for a flag',
    { bridges: [Object.assign({}, webhook, { allowPrivate: 'yes' })] },
    ['bridges[0].allowPrivate: must be true or false, not text'],
  ],
  [
    'an address that is none',
    { bridges: [Object.assign({}, webhook, { url: 'example' })] },
    ['bridges[0].url: must be an http or https URL'],
  ],
  [
    'an endpoint that is no address',
    { bridges: [Object.assign({}, kinesis, { endpoint: 'example' })] },
    ['bridges[0].endpoint: must be an address such as "https://example.com"'],
  ],
  [
    'an address with a password',
    { bridges: [Object.assign({}, webhook, { url: 'https://user:password@example.com' })] },
    [/^bridges\[0\]\.url: /],
  ],
  [
    'an address of another protocol',
    { bridges: [Object.assign({}, webhook, { url: 'ftp://example.com' })] },
    ['bridges[0].url: must be an http or https URL'],
  ],
  [
    'TLS that is text',
    { bridges: [Object.assign({}, nats, { tls: 'on' })] },
    ['bridges[0].tls: must be true, false or an object'],
  ],
  [
    'an unknown member of TLS',
    { bridges: [Object.assign({}, nats, { tls: { ca: 'x' } })] },
    ['bridges[0].tls: unknown member ca; the members are caFile, certFile, keyFile'],
  ],
  [
    'a number for a file of TLS',
    { bridges: [Object.assign({}, nats, { tls: { caFile: 5 } })] },
    ['bridges[0].tls.caFile: must be text, not a number'],
  ],
  [
    'an unknown mechanism',
    { bridges: [Object.assign({}, kafka, { sasl: { mechanism: 'GSSAPI' } })] },
    [
      'bridges[0].sasl.mechanism: must be one of ' +
        'PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER',
    ],
  ],
  [
    'a secret in the file',
    { bridges: [Object.assign({}, webhook, { secretEnv: 'whsec_abc' })] },
    ['bridges[0].secretEnv: must be the name of an environment variable'],
  ],
  [
    'a secret that is not set',
    { bridges: [Object.assign({}, webhook, { secretEnv: 'NOT_SET' })] },
    ['bridges[0].secretEnv: the environment variable NOT_SET is not set'],
  ],
  [
    'a secret of SASL that is not set',
    {
      bridges: [
        Object.assign({}, kafka, {
          sasl: { mechanism: 'PLAIN', usernameEnv: 'USER', passwordEnv: 'NOT_SET' },
        }),
      ],
    },
    ['bridges[0].sasl.passwordEnv: the environment variable NOT_SET is not set'],
  ],
  [
    'unknown names in a filter',
    { bridges: [Object.assign({}, nats, { filter: { types: ['Paid'], contexts: ['bank'] } })] },
    [
      'bridges[0].filter.types[0]: there is no event type Paid',
      'bridges[0].filter.contexts[0]: there is no context bank; use one of accounts, trading',
    ],
  ],
  [
    'an unknown view',
    { bridges: [Object.assign({}, kafka, { state: [{ view: 'people', topic: 'p' }] })] },
    ['bridges[0].state[0].view: there is no view people; use one of accounts, orders'],
  ],
  [
    'two bridges of one name',
    { bridges: [nats, nats], inbound: [Object.assign({}, prices, { name: 'nats' })] },
    [
      'bridges[1].name: another bridge is named nats',
      'inbound[0].name: another bridge is named nats',
      'bridges[1].stream: bridges[0].stream is the same: give each bridge a separate one',
    ],
  ],
  [
    'a pointer that is none',
    {
      inbound: [Object.assign({}, prices, { map: { mutation: 'recordPrice', input: { p: 'p' } } })],
    },
    ['inbound[0].map.input.p: must be a JSON pointer such as "/price"'],
  ],
  [
    'a mapping to a command that does not exist',
    {
      inbound: [Object.assign({}, prices, { map: { mutation: 'setPrice', input: { p: '/p' } } })],
    },
    ['inbound[0].map.mutation: there is no command setPrice'],
  ],
  [
    'a mapping to an input field that does not exist',
    {
      inbound: [
        Object.assign({}, prices, { map: { mutation: 'recordPrice', input: { p: '/p' } } }),
      ],
    },
    [
      /^inbound\[0\]\.map\.input: recordPrice has no input field p; /,
      'inbound[0].map.input: symbol is missing',
      'inbound[0].map.input: price is missing',
    ],
  ],
  [
    'dead letters that would be commands again',
    { inbound: [Object.assign({}, commands, { deadLetter: 'commands' })] },
    ['inbound[0].deadLetter: inbound[0].topic is the same: use a topic that no bridge reads'],
  ],
  [
    'a dead-letter subject with a wildcard',
    { inbound: [Object.assign({}, prices, { deadLetter: 'prices.>' })] },
    ['inbound[0].deadLetter: must be a subject without "*", ">" or spaces'],
  ],
  [
    'topics that Kafka refuses',
    {
      bridges: [Object.assign({}, kafka, { topic: 'my topic' })],
      inbound: [Object.assign({}, commands, { topic: '..', deadLetter: 'a/b' })],
    },
    [
      'bridges[0].topic: must be 1 to 249 letters, digits, ".", "_" or "-"',
      'inbound[0].deadLetter: must be 1 to 249 letters, digits, ".", "_" or "-"',
      'inbound[0].topic: must be 1 to 249 letters, digits, ".", "_" or "-"',
    ],
  ],
  [
    'a stream and a subject that NATS refuses',
    { inbound: [Object.assign({}, prices, { stream: 'a.b', subject: 'a b' })] },
    [
      'inbound[0].stream: must not contain ".", "*", ">" or spaces',
      'inbound[0].subject: must be a subject without spaces',
    ],
  ],
  [
    'a user without a password',
    { bridges: [Object.assign({}, nats, { userEnv: 'USER' })] },
    ['bridges[0].userEnv: must be set together with passwordEnv'],
  ],
  [
    'a broker without a port, and one with a password',
    { bridges: [Object.assign({}, kafka, { brokers: ['host', 'me:secret@host:9092'] })] },
    [
      'bridges[0].brokers[0]: must be of the form host:port',
      'bridges[0].brokers[1]: must be of the form host:port',
    ],
  ],
  [
    'passwords in addresses',
    {
      bridges: [
        Object.assign({}, nats, { servers: ['nats://me:secret@host'] }),
        Object.assign({}, kinesis, { endpoint: 'https://me:secret@host' }),
      ],
    },
    [
      'bridges[0].servers[0]: must not contain a user name or password',
      'bridges[1].endpoint: must not contain a user name or password',
    ],
  ],
  [
    'an actor of the server',
    { inbound: [Object.assign({}, commands, { actor: 'process:order-expiry' })] },
    [/^inbound\[0\]\.actor: must be 1 to 128 characters without control characters, /],
  ],
  [
    'a long pointer that is none',
    {
      inbound: [
        Object.assign({}, commands, {
          map: { mutation: 'recordPrice', input: { symbol: `${'/'.repeat(60)}~`, price: '/p' } },
        }),
      ],
    },
    ['inbound[0].map.input.symbol: must be a JSON pointer such as "/price"'],
  ],
  [
    'several faults at once',
    { bridges: [{ kind: 'kinesis', name: 'k' }, { kind: 'x' }] },
    [
      'bridges[0].stream: is missing',
      'bridges[0].region: is missing',
      'bridges[1].kind: must be one of nats, kafka, kinesis, webhook',
    ],
  ],
])('of %s, every fault is one line with its path', (_what, value, faults) => {
  expect(faultsOf(value)).toEqual(
    faults.map((fault) =>
      typeof fault === 'string' ? fault : (expect.stringMatching(fault) as string),
    ),
  );
});
