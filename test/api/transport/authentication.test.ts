import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JwtSettings } from '../../../src/api/transport/authentication.ts';
import { until } from '../../support/until.ts';
import { post, startServer, type TestServer } from './test-server.ts';
import { openSocket } from './test-socket.ts';

const secret = 'a secret of at least 32 characters';
const who = { query: '{ actor }' };

interface TokenOptions {
  readonly subject?: string;
  readonly key?: Uint8Array | KeyObject;
  readonly algorithm?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly expiresInSeconds?: number;
}

async function token(options: TokenOptions = {}): Promise<string> {
  const { subject = 'ada', key = new TextEncoder().encode(secret), algorithm = 'HS256' } = options;
  const { issuer, audience, expiresInSeconds = 60 } = options;
  const jwt = new SignJWT().setProtectedHeader({ alg: algorithm }).setSubject(subject);
  jwt.setExpirationTime(Math.floor(Date.now() / 1000) + expiresInSeconds);
  if (issuer !== undefined) jwt.setIssuer(issuer);
  if (audience !== undefined) jwt.setAudience(audience);
  return jwt.sign(key);
}

async function bearer(options?: TokenOptions): Promise<{ readonly authorization: string }> {
  return { authorization: `Bearer ${await token(options)}` };
}

function start(jwt: JwtSettings): Promise<TestServer> {
  return startServer({ authentication: { jwt } });
}

describe('authentication over HTTP', () => {
  let tested: TestServer;
  beforeAll(async () => {
    tested = await start({ secret, issuer: 'https://issuer.example', audience: 'daybook' });
  });
  afterAll(() => tested[Symbol.asyncDispose]());
  const claims = { issuer: 'https://issuer.example', audience: 'daybook' };

  it('takes the subject of a valid token as the actor', async () => {
    for (const subject of ['ada', 'ada', 'grace']) {
      const answer = await post(tested.url, who, await bearer({ ...claims, subject }));
      expect(answer).toMatchObject({ status: 200, body: { data: { actor: subject } } });
    }
  });

  it('answers any other request with 401 and UNAUTHENTICATED, also on a stream', async () => {
    const refused: readonly Record<string, string>[] = [
      {},
      { authorization: '' },
      { authorization: 'Bearer' },
      { authorization: 'Bearer x.y.z' },
      { authorization: `Basic ${await token(claims)}` },
      await bearer({ ...claims, key: new TextEncoder().encode('x'.repeat(40)) }),
      await bearer({ ...claims, issuer: 'https://other.example' }),
      await bearer({ ...claims, audience: 'other' }),
      await bearer({ ...claims, expiresInSeconds: -60 }),
      await bearer({ ...claims, subject: '' }),
      await bearer({ ...claims, subject: 'a\nb' }),
      await bearer({ ...claims, subject: 'process:order-expiry' }),
      await bearer(),
    ];
    const before = tested.probe.inits.length;
    for (const headers of refused) {
      for (const accept of ['application/json', 'text/event-stream']) {
        const answer = await post(tested.url, who, { ...headers, accept });
        expect(answer).toMatchObject({
          status: 401,
          body: { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] },
        });
      }
    }
    expect(tested.probe.inits).toHaveLength(before);
  });

  it('refuses an unsigned token', async () => {
    const parts = [{ alg: 'none' }, { sub: 'ada', iss: claims.issuer, aud: claims.audience }];
    const texts = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
    const answer = await post(tested.url, who, { authorization: `Bearer ${texts.join('.')}.` });
    expect(answer.status).toBe(401);
  });

  it('requires no token for the page and for health checks', async () => {
    const page = await fetch(tested.url, { headers: { accept: 'text/html' } });
    expect(page.status).toBe(200);
    expect((await fetch(`${tested.server.url}/health/ready`)).status).toBe(200);
  });
});

describe('keys', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();

  it('may be a public key, which cannot be used as an HMAC secret', async () => {
    await using tested = await start({ publicKey: pem });
    const good = await post(tested.url, who, await bearer({ key: privateKey, algorithm: 'ES256' }));
    expect(good).toMatchObject({ body: { data: { actor: 'ada' } } });
    const forged = await bearer({ key: new TextEncoder().encode(pem) });
    expect((await post(tested.url, who, forged)).status).toBe(401);
  });

  it('may be in a file of JSON web keys', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'daybook-'));
    try {
      const jwksFile = join(folder, 'jwks.json');
      const jwk = { ...(await exportJWK(publicKey)), alg: 'ES256' };
      await writeFile(jwksFile, JSON.stringify({ keys: [jwk] }));
      await using tested = await start({ jwksFile });
      const headers = await bearer({ key: privateKey, algorithm: 'ES256' });
      expect(await post(tested.url, who, headers)).toMatchObject({
        body: { data: { actor: 'ada' } },
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('that cannot be read prevent the server from starting', async () => {
    await expect(start({ jwksFile: '/nowhere/jwks.json' })).rejects.toThrow('ENOENT');
    await expect(start({ publicKey: 'no key' })).rejects.toThrow();
  });
});

describe('authentication over WebSocket', () => {
  it('takes the token from the connection parameters or the upgrade', async () => {
    await using tested = await start({ secret });
    for (const inUpgrade of [true, false]) {
      const headers = await bearer({ subject: `ada-${inUpgrade}` });
      await using socket = await openSocket(tested.url, inUpgrade ? { headers } : {});
      await socket.init(inUpgrade ? undefined : headers);
      socket.subscribe('1', '{ actor }');
      await until(() => socket.received.some(({ type }) => type === 'complete'));
      expect(socket.received).toContainEqual(
        expect.objectContaining({
          type: 'next',
          payload: expect.objectContaining({ data: { actor: `ada-${inUpgrade}` } }),
        }),
      );
    }
  });

  it('closes at once, with 4403 for an expired token and 4401 for others', async () => {
    await using tested = await start({ secret });
    const expired = await bearer({ expiresInSeconds: -60 });
    const forged = { Authorization: 'Bearer x' };
    const refusals = [
      [undefined, 4401, 'a bearer token is required'],
      [{ authorization: 5 }, 4401, 'a bearer token is required'],
      [forged, 4401, 'the token is not valid'],
      [await bearer({ subject: 'ä'.repeat(300) }), 4401, /^the sub claim of the token is not/],
      [expired, 4403, 'the token has expired'],
    ] as const;
    for (const [payload, code, reason] of refusals) {
      await using socket = await openSocket(tested.url);
      socket.send({ type: 'connection_init', ...(payload && { payload }) });
      await until(() => socket.closeCode() !== null);
      expect([socket.closeCode(), socket.closeReason()]).toEqual([
        code,
        typeof reason === 'string' ? reason : expect.stringMatching(reason),
      ]);
    }
  });

  it('takes the connection parameter in any case', async () => {
    await using tested = await start({ secret });
    const { authorization } = await bearer({ subject: 'ada' });
    for (const name of ['Authorization', 'AUTHORIZATION']) {
      await using socket = await openSocket(tested.url);
      await socket.init({ [name]: authorization });
      expect(socket.closeCode()).toBeNull();
    }
  });

  it('closes the socket and the stream when the token expires', async () => {
    await using tested = await start({ secret });
    // The clock tolerance adds five seconds to this, which leaves two to three.
    const headers = await bearer({ expiresInSeconds: -2 });
    await using socket = await openSocket(tested.url, { headers });
    await socket.init();
    socket.subscribe('1', 'subscription { silence }');
    const stream = await fetch(tested.url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: 'subscription { silence }' }),
    });
    await expect(stream.text()).rejects.toThrow();
    await until(() => socket.closeCode() !== null);
    expect(socket.closeCode()).toBe(4403);
    await until(() => tested.probe.ended === 2);
  });
});
