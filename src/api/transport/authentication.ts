import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createLocalJWKSet, errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { actorName, actorNameRule } from '../../lib/actor-name.ts';
import { codedError } from '../errors.ts';

/** How tokens are checked: with a shared secret, a PEM public key, or a file of JSON web keys. */
export type JwtSettings = (
  | { readonly secret: string }
  | { readonly publicKey: string }
  | { readonly jwksFile: string }
) & {
  readonly issuer?: string;
  readonly audience?: string;
  /** Whether a token may lack `exp` and so never expire; false if absent. */
  readonly allowsNoExpiry?: boolean;
};

/** If null, every client that can connect is the actor `operator`. */
export type AuthenticationSettings = { readonly jwt: JwtSettings } | null;

export interface Identity {
  readonly actor: string;
  /** When the token expires, in milliseconds since 1970; null if it never does. */
  readonly expiresAtMs: number | null;
}

/**
 * Identifies a client by its `authorization` header or connection parameter.
 *
 * @throws GraphQLError UNAUTHENTICATED
 */
export type Authenticate = (authorization: unknown) => Promise<Identity> | Identity;

type Verify = (token: string) => Promise<JWTPayload>;

/** The reason why a client is refused whose next token may be accepted. */
export const tokenExpired = 'the token has expired';

const operator: Identity = { actor: 'operator', expiresAtMs: null };
const clockToleranceSeconds = 5;
const identitiesCachedMax = 1000;
/** Only asymmetric algorithms: a public key must not be accepted as the secret of an HMAC. */
const publicKeyAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** Reads the keys once and rejects if they cannot be read. Changes take effect after a restart. */
export async function createAuthentication(
  settings: AuthenticationSettings,
): Promise<Authenticate> {
  if (settings === null) return () => operator;
  const verify = await createVerify(settings.jwt);
  const identities = new LRUCache<string, Identity>({ max: identitiesCachedMax });
  return async function authenticate(authorization) {
    const token = bearerToken(authorization);
    const known = identities.get(token);
    if (known !== undefined && !isExpired(known)) return known;
    const identity = toIdentity(await verified(verify, token), settings.jwt);
    identities.set(token, identity);
    return identity;
  };
}

function isExpired({ expiresAtMs }: Identity): boolean {
  return expiresAtMs !== null && expiresAtMs <= Date.now();
}

async function createVerify(settings: JwtSettings): Promise<Verify> {
  const options: JWTVerifyOptions = {
    requiredClaims: ['sub'],
    clockTolerance: clockToleranceSeconds,
    ...(settings.issuer === undefined ? {} : { issuer: settings.issuer }),
    ...(settings.audience === undefined ? {} : { audience: settings.audience }),
  };
  if ('secret' in settings) {
    const secret = new TextEncoder().encode(settings.secret);
    const algorithms = ['HS256', 'HS384', 'HS512'];
    return async (token) => (await jwtVerify(token, secret, { ...options, algorithms })).payload;
  }
  const algorithms = publicKeyAlgorithms;
  if ('publicKey' in settings) {
    const key = createPublicKey(settings.publicKey);
    return async (token) => (await jwtVerify(token, key, { ...options, algorithms })).payload;
  }
  const keys = createLocalJWKSet(JSON.parse(await readFile(settings.jwksFile, 'utf8')));
  return async (token) => (await jwtVerify(token, keys, { ...options, algorithms })).payload;
}

async function verified(verify: Verify, token: string): Promise<JWTPayload> {
  try {
    return await verify(token);
  } catch (error) {
    // This is checked after the signature. Other reasons would help a forger.
    if (error instanceof errors.JWTExpired) throw codedError('UNAUTHENTICATED', tokenExpired);
    throw codedError('UNAUTHENTICATED', 'the token is not valid');
  }
}

function bearerToken(authorization: unknown): string {
  const match = typeof authorization === 'string' ? /^bearer +(\S+)$/i.exec(authorization) : null;
  if (match?.[1] !== undefined) return match[1];
  throw codedError('UNAUTHENTICATED', 'a bearer token is required');
}

function toIdentity(payload: JWTPayload, { allowsNoExpiry = false }: JwtSettings): Identity {
  if (payload.sub === undefined || !actorName.test(payload.sub)) {
    throw codedError(
      'UNAUTHENTICATED',
      `the sub claim of the token is not a valid actor: use ${actorNameRule}`,
    );
  }
  const { exp } = payload;
  if (exp === undefined && !allowsNoExpiry) {
    throw codedError('UNAUTHENTICATED', 'the token never expires: it must have an exp claim');
  }
  const expiresAtMs = exp === undefined ? null : (exp + clockToleranceSeconds) * 1000;
  return { actor: payload.sub, expiresAtMs };
}
