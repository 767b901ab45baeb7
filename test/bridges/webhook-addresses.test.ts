import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ChainedMessage } from '../../src/bridges/message.ts';
import type { Resolve } from '../../src/bridges/targets/public-address.ts';
import { isPublicAddress } from '../../src/bridges/targets/public-address.ts';
import { webhookTarget } from '../../src/bridges/targets/webhook.ts';
import { bridgeSettings } from '../support/bridged.ts';
import { type HookReceiver, hookSecret, startHookReceiver } from '../support/hook-receiver.ts';

let hook: HookReceiver;
beforeEach(async () => {
  hook = await startHookReceiver();
});
afterEach(() => hook.stop());

const message: ChainedMessage = {
  sequence: 1,
  eventId: '0190a0a0-0000-7000-8000-000000000001',
  key: 'a',
  attributes: { id: '0190a0a0-0000-7000-8000-000000000001', sequence: '1' },
  data: '{}',
  lane: 'hook',
  previous: 0,
};

interface Attempt {
  readonly url: string;
  readonly resolve?: Resolve;
  readonly allowPrivate?: boolean;
  readonly secret?: string;
}

/** Sends one message as often as there are to be attempts, each with a new target. */
async function send(
  { url, resolve, allowPrivate = false, secret = hookSecret }: Attempt,
  attempts = 1,
): Promise<void> {
  const entry = { name: 'hook', kind: 'webhook', url, secretEnv: 'HOOK_SECRET' };
  const [settings] = bridgeSettings([{ ...entry, allowPrivate, timeoutMs: 500 }]).bridges;
  if (settings?.kind !== 'webhook') throw new Error('no webhook');
  const kind = webhookTarget({ settings, secret: () => secret, ...(resolve && { resolve }) });
  const { signal } = new AbortController();
  for (let n = 0; n < attempts; n += 1) {
    const target = await kind.open(signal);
    try {
      await target.send([message], signal);
    } finally {
      await target.close();
    }
  }
}

describe('addresses', () => {
  test.each([
    ...['127.0.0.1', '127.9.9.9', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
    ...['100.64.0.1', '169.254.169.254', '0.0.0.0', '0.1.2.3', '224.0.0.1', '239.1.1.1'],
    ...['255.255.255.255', '192.0.0.1', '192.0.2.1', '198.18.0.1', '198.51.100.1', '203.0.113.9'],
    ...[
      '240.0.0.1',
      '192.88.99.1',
      '::',
      '::1',
      '::127.0.0.1',
      '::ffff:127.0.0.1',
      '::ffff:8.8.8.8',
    ],
    ...[
      '::ffff:0:127.0.0.1',
      'fe80::1',
      'fe80::1%eth0',
      'fec0::1',
      'fc00::1',
      'fd12::1',
      'ff02::1',
    ],
    ...['64:ff9b::7f00:1', '64:ff9b:1::1', '2002:7f00:1::', '2001::1', '2001:db8::1', '100::1'],
    ...['fd00:ec2::254', '', 'localhost', '1.2.3', '127.0.0.1.'],
  ])('"%s" is not public', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00::1'])(
    '%s is public',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );
});

describe('a webhook refuses', () => {
  const remedy = 'use a public one or set allowPrivate';
  const retry = 'then retry the bridge';
  const hosts = ['127.0.0.1', '2130706433', '0x7f.1', '017700000001', '127.1', '0'];
  const hosts6 = ['[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[fe80::1]', '[::]'];
  test.each([...hosts, ...hosts6])('http://%s', async (host) => {
    const url = `http://${host}:${hook.port}/hook`;
    await expect(send({ url })).rejects.toThrow('is not a public address');
    await expect(send({ url })).rejects.toMatchObject({ code: 'BRIDGE_PARKED' });
    expect(hook.connections()).toBe(0);
  });

  test('names of this machine', async () => {
    const url = `http://localhost:${hook.port}/hook`;
    await expect(send({ url })).rejects.toMatchObject({
      code: 'BRIDGE_PARKED',
      message: `localhost is not a public address: ${remedy}, restart the server, ${retry}`,
    });
    expect(hook.connections()).toBe(0);
  });

  test.each([
    ['a private address', 'BRIDGE_PARKED', ['127.0.0.1']],
    ['two private addresses', 'BRIDGE_PARKED', ['::1', '10.0.0.1']],
    ['a mapped address', 'BRIDGE_PARKED', ['::ffff:127.0.0.1']],
    ['a private and a public address', 'PRIVATE_ADDRESS', ['8.8.8.8', '127.0.0.1']],
    ['no address', 'PRIVATE_ADDRESS', []],
  ])('a name with %s: %s', async (_, code, addresses) => {
    const url = `http://hook.example:${hook.port}/hook`;
    const resolve: Resolve = async () => addresses.map(toLookupAddress);
    const message = expect.stringContaining(`hook.example is not a public address: ${remedy}`);
    await expect(send({ url, resolve })).rejects.toMatchObject({ code, message });
    expect(hook.connections()).toBe(0);
  });

  test('a name that becomes private after it was checked', async () => {
    const url = `http://hook.example:${hook.port}/hook`;
    let calls = 0;
    // The first answer is public and unreachable; all others are this machine.
    const resolve: Resolve = async () => {
      calls += 1;
      return [toLookupAddress(calls === 1 ? '2a00::1' : '127.0.0.1')];
    };
    await expect(send({ url, resolve })).rejects.not.toThrow('is not a public address');
    await expect(send({ url, resolve })).rejects.toThrow('is not a public address');
    expect(calls).toBe(2);
    expect(hook.connections()).toBe(0);
  });

  test('a certificate that no authority has signed', async () => {
    const tls = await startHookReceiver(selfSigned());
    try {
      const sent = send({ url: tls.url, allowPrivate: true });
      await expect(sent).rejects.toThrow(/self[- ]signed|unable to verify|certificate/);
      expect(tls.received).toEqual([]);
    } finally {
      await tls.stop();
    }
  });

  test.each([
    'whsec_',
    'whsec_not base64, although it is long enough!',
    '',
    `whsec_${Buffer.alloc(23, 'x').toString('base64')}`,
  ])('the secret "%s", unquoted', async (secret) => {
    const sent = send({ url: hook.url, allowPrivate: true, secret });
    await expect(sent).rejects.toThrow(
      'HOOK_SECRET is not a webhook secret: set it to "whsec_" and at least 24 random bytes',
    );
  });
});

test.each([
  ['a protocol that is not HTTP', 'hello\r\n\r\n'],
  ['nothing', ''],
  ['a change of the protocol', 'HTTP/1.1 101 Other\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'],
  ['half a header', 'HTTP/1.1 200 OK\r\nx-a'],
])('an endpoint that answers %s has not accepted the event', async (_, text) => {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.end(text));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const url = `http://127.0.0.1:${port}/`;
  await expect(send({ url, allowPrivate: true })).rejects.not.toThrow('did not answer within');
  server.close();
});

test('a private address is used if the settings allow it', async () => {
  await send({ url: hook.url, allowPrivate: true }, 2);
  await send({ url: `http://localhost:${hook.port}/hook`, allowPrivate: true });
  expect(hook.received.map(({ isSigned }) => isSigned)).toEqual([true, true, true]);
});

test.each(['http://ann:secret@example.com/', 'https://ann@example.com/', 'ftp://example.com/'])(
  'the URL %s is refused and not quoted',
  (url) => {
    const entry = { name: 'hook', kind: 'webhook', url, secretEnv: 'HOOK_SECRET' };
    expect(() => bridgeSettings([entry])).toThrow(/^bridges\[0\]\.url: must (?!.*example)/);
  },
);

function toLookupAddress(address: string) {
  return { address, family: address.includes(':') ? 6 : 4 };
}

/** A certificate of a development dependency, signed by itself. */
function selfSigned(): { readonly key: string; readonly cert: string } {
  const file = createRequire(import.meta.url).resolve('kinesis-local/server.json');
  return JSON.parse(readFileSync(file, 'utf8')).server;
}
