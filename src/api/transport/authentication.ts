import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createLocalJWKSet, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { codedError } from '../errors.ts';

/** Where tokens are checked: with a shared secret, a PEM public key, or a file of JSON web keys. */
export type JwtSettings = (
  | { readonly secret: string }
  | { readonly publicKey: string }
  | { readonly jwksFile: string }
) & {
  readonly issuer?: string;
  readonly audience?: string;
  /** Whether a token may lack `exp`, and be valid for ever; absent: it may not. */
  readonly allowsNoExpiry?: boolean;
};

/** Null: no settings; everyone who may connect at all is the operator. */
export type AuthenticationSettings = { readonly jwt: JwtSettings } | null;

export interface Identity {
  readonly actor: string;
  /** Milliseconds since 1970 at which the proof ends; null: never. */
  readonly expiresAtMs: number | null;
}

/**
 * Tells who is there from an `authorization` header or connection parameter.
 *
 * @throws GraphQLError UNAUTHENTICATED
 */
export type Authenticate = (authorization: unknown) => Promise<Identity> | Identity;

type Verify = (token: string) => Promise<JWTPayload>;

const operator: Identity = { actor: 'operator', expiresAtMs: null };
/** Not a name of the server's own: its process managers are the actors `process:…`. */
const actorText = /^(?!process:)[^\p{Cc}\p{Cs}]{1,128}$/u;
const clockToleranceSeconds = 5;
const identitiesCachedMax = 1000;
/** Asymmetric only: a public key must not pass for the secret of an HMAC. */
const publicKeyAlgorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

/** Reads the keys once; fails when they cannot be read. A changed file needs a restart. */
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
  } catch {
    // Why it is refused helps whoever forges it.
    throw codedError('UNAUTHENTICATED', 'The token is not valid');
  }
}

function bearerToken(authorization: unknown): string {
  const match = typeof authorization === 'string' ? /^bearer +(\S+)$/i.exec(authorization) : null;
  if (match?.[1] !== undefined) return match[1];
  throw codedError('UNAUTHENTICATED', 'A bearer token is needed');
}

function toIdentity(payload: JWTPayload, { allowsNoExpiry = false }: JwtSettings): Identity {
  if (payload.sub === undefined || !actorText.test(payload.sub)) {
    throw codedError('UNAUTHENTICATED', 'The token names no usable subject');
  }
  const { exp } = payload;
  if (exp === undefined && !allowsNoExpiry) {
    throw codedError('UNAUTHENTICATED', 'The token never expires: it must have an exp');
  }
  const expiresAtMs = exp === undefined ? null : (exp + clockToleranceSeconds) * 1000;
  return { actor: payload.sub, expiresAtMs };
}
