import { errors, type JWTPayload, type JWTVerifyOptions } from 'jose';
import { LRUCache } from 'lru-cache';
import { allRoles, type Role } from '../../kernel/role.ts';
import { actorName, actorNameRule } from '../../lib/actor-name.ts';
import type { Logger } from '../../lib/logger.ts';
import { codedError } from '../errors.ts';
import {
  createVerifyToken,
  type KeySource,
  KeysUnavailableError,
  type VerifyToken,
} from './jwt-keys.ts';
import { rolesClaimDefault, rolesOf } from './token-roles.ts';

/** How tokens are checked, and what is read from them. */
export type JwtSettings = KeySource & {
  readonly issuer?: string;
  readonly audience?: string;
  /** Whether a token may lack `exp` and so never expire; false if absent. */
  readonly allowsNoExpiry?: boolean;
  /** The name or path of the claim with the roles; `roles` if absent. */
  readonly rolesClaim?: string;
};

/** If null, every client that can connect is the actor `operator`. */
export type AuthenticationSettings = { readonly jwt: JwtSettings } | null;

export interface Identity {
  readonly actor: string;
  readonly roles: readonly Role[];
  /** When the token expires, in milliseconds since 1970; null if it never does. */
  readonly expiresAtMs: number | null;
}

/**
 * Identifies a client by its `authorization` header or connection parameter.
 *
 * @throws GraphQLError UNAUTHENTICATED, or UNAVAILABLE if the keys cannot be fetched
 */
export type Authenticate = (authorization: unknown) => Promise<Identity> | Identity;

/** The reason why a client is refused whose next token may be accepted. */
export const tokenExpired = 'the token has expired';

const operator: Identity = { actor: 'operator', roles: allRoles, expiresAtMs: null };
const clockToleranceSeconds = 5;
const tokenLengthMax = 16_384;
/** A known token is checked again after this time, because keys can be withdrawn. */
const identitiesAgeMaxMs = 10_000;
const identitiesCachedMax = 1_000;

/** Rejects if the keys cannot be read; those at a URL are fetched when they are first needed. */
export async function createAuthentication(
  settings: AuthenticationSettings,
  log: Pick<Logger, 'warn'>,
): Promise<Authenticate> {
  if (settings === null) return () => operator;
  const { jwt } = settings;
  const verify = await createVerifyToken(jwt, toVerifyOptions(jwt), log);
  const checked = new LRUCache<string, CheckedToken>({ max: identitiesCachedMax });
  return async function authenticate(authorization) {
    const token = bearerToken(authorization);
    const known = checked.get(token);
    if (known !== undefined && isCurrent(known)) return known.identity;
    const identity = toIdentity(await verified(verify, token), jwt);
    checked.set(token, { identity, checkedAt: performance.now() });
    return identity;
  };
}

interface CheckedToken {
  readonly identity: Identity;
  readonly checkedAt: number;
}

function isCurrent({ identity: { expiresAtMs }, checkedAt }: CheckedToken): boolean {
  const isRecent = performance.now() < checkedAt + identitiesAgeMaxMs;
  return isRecent && (expiresAtMs === null || Date.now() < expiresAtMs);
}

function toVerifyOptions({ issuer, audience }: JwtSettings): JWTVerifyOptions {
  return {
    requiredClaims: ['sub'],
    clockTolerance: clockToleranceSeconds,
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  };
}

async function verified(verify: VerifyToken, token: string): Promise<JWTPayload> {
  try {
    const { payload, protectedHeader } = await verify(token);
    if (isAccessToken(protectedHeader.typ)) return payload;
  } catch (error) {
    if (error instanceof KeysUnavailableError) throw codedError(error.code, error.message);
    // This is checked after the signature. Other reasons would help a forger.
    if (error instanceof errors.JWTExpired) throw codedError('UNAUTHENTICATED', tokenExpired);
  }
  throw codedError('UNAUTHENTICATED', 'the token is not valid');
}

/** Tokens with other types are for other purposes, such as a logout (RFC 8725, section 3.11). */
function isAccessToken(type: string | undefined): boolean {
  return type === undefined || /^(?:application\/)?(?:at\+)?jwt$/i.test(type);
}

function bearerToken(authorization: unknown): string {
  const match = typeof authorization === 'string' ? /^bearer +(\S+)$/i.exec(authorization) : null;
  const token = match?.[1];
  if (token !== undefined && token.length <= tokenLengthMax) return token;
  throw codedError('UNAUTHENTICATED', 'a bearer token is required');
}

function toIdentity(payload: JWTPayload, settings: JwtSettings): Identity {
  const { allowsNoExpiry = false, rolesClaim = rolesClaimDefault } = settings;
  const { exp } = payload;
  // A claim can be of any type, whatever the types of jose say.
  const actor: unknown = payload.sub;
  if (typeof actor !== 'string' || !actorName.test(actor)) {
    throw codedError(
      'UNAUTHENTICATED',
      `the sub claim of the token is not a valid actor: use ${actorNameRule}`,
    );
  }
  if (exp === undefined && !allowsNoExpiry) {
    throw codedError('UNAUTHENTICATED', 'the token never expires: it must have an exp claim');
  }
  const expiresAtMs = exp === undefined ? null : (exp + clockToleranceSeconds) * 1000;
  return { actor, roles: rolesOf(payload, rolesClaim), expiresAtMs };
}
