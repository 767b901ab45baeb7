import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { exportJWK, type JWK, type JWTPayload, SignJWT } from 'jose';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  type Authenticate,
  createAuthentication,
  type JwtSettings,
} from '../../../src/api/transport/authentication.ts';
import { silentLogger } from '../../support/silent-logger.ts';

const secret = 'a secret of at least 32 characters';
const now = () => Math.floor(Date.now() / 1_000);
const claims = { issuer: 'https://issuer.example', audience: 'daybook' };
const good = (): JWTPayload => ({
  sub: 'ada',
  iss: claims.issuer,
  aud: claims.audience,
  exp: now() + 60,
});

const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const pemOf = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();

function create(jwt: JwtSettings): Promise<Authenticate> {
  return createAuthentication({ jwt: { ...claims, ...jwt } }, silentLogger);
}

interface Signing {
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly key?: Uint8Array | KeyObject;
}

/** Signs what a library would refuse to sign, too: the header and payload are as given. */
async function sign({ payload = good(), header = {}, key }: Signing): Promise<string> {
  const alg = header['alg'] ?? 'HS256';
  if (key === undefined || key instanceof Uint8Array) {
    const text = [{ alg, ...header }, payload].map(encoded).join('.');
    const hmac = createHmac('sha256', key ?? secret).update(text);
    return `Bearer ${text}.${hmac.digest('base64url')}`;
  }
  const jwt = new SignJWT(payload as JWTPayload).setProtectedHeader({
    ...header,
    alg: String(alg),
  });
  return `Bearer ${await jwt.sign(key)}`;
}

const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const refused = { extensions: { code: 'UNAUTHENTICATED' } };

const payloads: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ['an expired token', { exp: 1 }],
  ['an expiry that is text', { exp: '99999999999' }],
  ['no expiry', { exp: undefined }],
  ['a token of the future', { nbf: now() + 60 }],
  ['a beginning that is text', { nbf: '0' }],
  ['another audience', { aud: 'other' }],
  ['no audience', { aud: undefined }],
  ['another issuer', { iss: 'https://other.example' }],
  ['an issuer in a list', { iss: ['https://issuer.example'] }],
  ['no subject', { sub: undefined }],
  ['a subject that is an object', { sub: { name: 'ada' } }],
  ['a subject that is a list', { sub: ['ada'] }],
  ['a subject that is a number', { sub: 7 }],
  ['a subject that is null', { sub: null }],
  ['an empty subject', { sub: '' }],
  ['the subject of a process', { sub: 'process:matching' }],
  ['a subject with a control character', { sub: 'ada\u0000' }],
];

test.each(payloads)('%s is refused', async (_name, changes) => {
  const authenticate = await create({ secret });
  const token = await sign({ payload: { ...good(), ...changes } });
  await expect(authenticate(token)).rejects.toMatchObject(refused);
});

test('a token is accepted within the tolerance of clocks, and not beyond', async () => {
  const authenticate = await create({ secret });
  for (const [changes, isGood] of [
    [{ nbf: now() + 3 }, true],
    [{ exp: now() - 3 }, true],
    [{ nbf: now() + 30 }, false],
    [{ exp: now() - 30 }, false],
  ] as const) {
    const answer = authenticate(await sign({ payload: { ...good(), ...changes } }));
    if (isGood) expect(await answer).toMatchObject({ actor: 'ada' });
    else await expect(answer).rejects.toMatchObject(refused);
  }
});

test.each(['JWT', 'jwt', 'at+jwt', 'application/at+jwt', undefined])(
  'the type %s is accepted',
  async (typ) => {
    const authenticate = await create({ secret });
    expect(await authenticate(await sign({ header: { typ } }))).toMatchObject({ actor: 'ada' });
  },
);

test.each(['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'JWS', 7])(
  'the type %s is refused, as it is for another purpose',
  async (typ) => {
    const authenticate = await create({ secret });
    await expect(authenticate(await sign({ header: { typ } }))).rejects.toMatchObject(refused);
  },
);

test('garbage is refused', async () => {
  const authenticate = await create({ secret });
  const inner = (await sign({})).slice('Bearer '.length);
  const huge = await sign({ payload: { ...good(), note: 'x'.repeat(20_000) } });
  const nested = await sign({ payload: { nested: inner }, header: { cty: 'JWT' } });
  const unsigned = `Bearer ${encoded({ alg: 'none' })}.${encoded(good())}.`;
  const critical = await sign({ header: { crit: ['b64'], b64: false } });
  for (const text of [
    ...[
      undefined,
      null,
      7,
      {},
      [],
      '',
      'Bearer',
      'Bearer ',
      'Basic YTpi',
      `Bearer ${'.'.repeat(9)}`,
    ],
    ...[
      'Bearer a.b.c',
      `Bearer ${inner}x`,
      `Bearer ${inner}.x`,
      inner,
      huge,
      nested,
      unsigned,
      critical,
    ],
  ]) {
    await expect(async () => authenticate(text), String(text)).rejects.toMatchObject(refused);
  }
});

test('a key is used with the algorithms of its kind only', async () => {
  const keys = [
    { publicKey: rsa.publicKey, privateKey: rsa.privateKey, good: ['RS256', 'PS512'] },
    { publicKey: ec.publicKey, privateKey: ec.privateKey, good: ['ES256'] },
    { publicKey: ed.publicKey, privateKey: ed.privateKey, good: ['EdDSA', 'Ed25519'] },
  ];
  for (const { publicKey, privateKey, good: algorithms } of keys) {
    const authenticate = await create({ publicKey: pemOf(publicKey) });
    for (const alg of algorithms) {
      const token = await sign({ header: { alg }, key: privateKey });
      expect(await authenticate(token), alg).toMatchObject({ actor: 'ada' });
    }
    // The public key is no secret: it must not count as the key of an HMAC.
    const confused = await sign({ key: new TextEncoder().encode(pemOf(publicKey)) });
    await expect(authenticate(confused)).rejects.toMatchObject(refused);
    const foreign = await sign({ header: { alg: 'RS256' }, key: other.privateKey });
    await expect(authenticate(foreign)).rejects.toMatchObject(refused);
  }
  const withSecret = await create({ secret });
  const signed = await sign({ header: { alg: 'RS256' }, key: rsa.privateKey });
  await expect(withSecret(signed)).rejects.toMatchObject(refused);
});

test('a public key of a kind that is not supported prevents the start', async () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  await expect(create({ publicKey: pemOf(publicKey) })).rejects.toThrow(
    'use RSA, P-256 or Ed25519',
  );
});

interface Keys {
  readonly keys: readonly JWK[];
}

async function keySet(...keys: readonly (readonly [string, KeyObject])[]): Promise<Keys> {
  const jwks = keys.map(async ([kid, key]) => ({
    ...(await exportJWK(createPublicKey(key))),
    kid,
    alg: 'RS256',
  }));
  return { keys: await Promise.all(jwks) };
}

const signedBy = (kid: string, key: KeyObject) => sign({ header: { alg: 'RS256', kid }, key });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'daybook-keys-'));
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true });
});

test('a file of keys that changes is read again, and a withdrawn key is no longer accepted', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'Date'] });
  const file = path.join(folder, 'jwks.json');
  await writeFile(file, JSON.stringify(await keySet(['one', rsa.privateKey])));
  const authenticate = await create({ jwksFile: file });
  const [one, two] = [
    await signedBy('one', rsa.privateKey),
    await signedBy('two', other.privateKey),
  ];
  expect(await authenticate(one)).toMatchObject({ actor: 'ada' });
  await expect(authenticate(two)).rejects.toMatchObject(refused);
  await writeFile(file, JSON.stringify(await keySet(['two', other.privateKey])));
  await utimes(file, 1, 2);
  vi.advanceTimersByTime(10_001);
  expect(await authenticate(two)).toMatchObject({ actor: 'ada' });
  await expect(authenticate(one)).rejects.toMatchObject(refused);
  await writeFile(file, '{');
  vi.advanceTimersByTime(10_001);
  expect(await authenticate(two)).toMatchObject({ actor: 'ada' });
});

/** An identity provider that serves its keys, and counts how often they are fetched. */
async function startProvider(initial: Keys | null) {
  const state = { keys: initial, fetches: 0 };
  const server = createServer((_request, response) => {
    state.fetches += 1;
    response.statusCode = state.keys === null ? 503 : 200;
    response.end(JSON.stringify(state.keys));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    state,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('keys at a URL are fetched once, and again for a new key, with a cool-down', async () => {
  await using provider = await startProvider(await keySet(['one', rsa.privateKey]));
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  const authenticate = await create({ jwksUrl: provider.url });
  const [one, two] = [
    await signedBy('one', rsa.privateKey),
    await signedBy('two', other.privateKey),
  ];
  expect(provider.state.fetches).toBe(0);
  const answers = await Promise.all([authenticate(one), authenticate(one)]);
  expect(answers).toMatchObject([{ actor: 'ada' }, { actor: 'ada' }]);
  expect(provider.state.fetches).toBe(1);
  for (let tries = 0; tries < 5; tries += 1) {
    await expect(authenticate(two)).rejects.toMatchObject(refused);
  }
  expect(provider.state.fetches).toBe(1);
  provider.state.keys = await keySet(['two', other.privateKey]);
  vi.advanceTimersByTime(30_001);
  expect(await authenticate(two)).toMatchObject({ actor: 'ada' });
  expect(provider.state.fetches).toBe(2);
  await expect(authenticate(one)).rejects.toMatchObject(refused);
});

test('while a provider is away, known keys are used, and other tokens are not called invalid', async () => {
  await using provider = await startProvider(null);
  const authenticate = await create({ jwksUrl: provider.url });
  const [one, two] = [
    await signedBy('one', rsa.privateKey),
    await signedBy('two', other.privateKey),
  ];
  const unavailable = { extensions: { code: 'UNAVAILABLE' } };
  await expect(authenticate(one)).rejects.toMatchObject(unavailable);
  provider.state.keys = await keySet(['one', rsa.privateKey]);
  expect(await authenticate(one)).toMatchObject({ actor: 'ada' });
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  provider.state.keys = null;
  vi.advanceTimersByTime(700_000);
  const later = await signedBy('one', rsa.privateKey);
  expect(await authenticate(later)).toMatchObject({ actor: 'ada' });
  vi.advanceTimersByTime(31_000);
  await expect(authenticate(two)).rejects.toMatchObject(unavailable);
});
