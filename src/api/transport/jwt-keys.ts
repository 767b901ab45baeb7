import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JWTPayload,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  jwtVerify,
} from 'jose';
import type { Logger } from '../../lib/logger.ts';

/** The keys: a shared secret, a PEM public key, or JSON web keys in a file or at a URL. */
export type KeySource =
  | { readonly secret: string }
  | { readonly publicKey: string }
  | { readonly jwksFile: string }
  | { readonly jwksUrl: string };

/** Checks the signature and the claims of a token. Throws the errors of jose. */
export type VerifyToken = (token: string) => Promise<JWTVerifyResult<JWTPayload>>;

/** The keys at a URL could not be fetched, so nothing is known of the token. */
export class KeysUnavailableError extends Error {
  readonly code = 'UNAVAILABLE';
  constructor(cause: unknown) {
    super('the keys that check tokens cannot be fetched: try again', { cause });
  }
}

/** How long keys are used before they are looked up again: in a file, and at a URL. */
const fileAgeMaxMs = 1_000;
const urlAgeMaxMs = 600_000;
/** The shortest time between two fetches for keys that are not known. */
const cooldownMs = 30_000;
const fetchTimeoutMs = 5_000;

const secretAlgorithms = ['HS256', 'HS384', 'HS512'];
/** Only asymmetric algorithms: a public key must not be accepted as the secret of an HMAC. */
const keySetAlgorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

/** Rejects if a key that is not at a URL cannot be read. */
export async function createVerifyToken(
  source: KeySource,
  options: JWTVerifyOptions,
  log: Pick<Logger, 'warn'>,
): Promise<VerifyToken> {
  if ('secret' in source) {
    const secret = new TextEncoder().encode(source.secret);
    const algorithms = secretAlgorithms;
    return (token) => jwtVerify(token, secret, { ...options, algorithms });
  }
  if ('publicKey' in source) {
    const key = createPublicKey(source.publicKey);
    const algorithms = algorithmsOf(key);
    return (token) => jwtVerify(token, key, { ...options, algorithms });
  }
  const withSet = { ...options, algorithms: keySetAlgorithms };
  if ('jwksUrl' in source) {
    const keys = createUrlKeys(source.jwksUrl, log);
    return async (token) => jwtVerify(token, keys, withSet).catch(rethrow);
  }
  const keys = await createFileKeys(source.jwksFile, log);
  return async (token) => jwtVerify(token, await keys(), withSet);
}

/** The algorithms of a PEM key. In a set, jose pins each key to its type, and to its `alg`. */
function algorithmsOf({ asymmetricKeyType: type, asymmetricKeyDetails }: KeyObject): string[] {
  if (type === 'rsa') return keySetAlgorithms.filter((name) => /^[RP]S/.test(name));
  if (type === 'rsa-pss') return keySetAlgorithms.filter((name) => name.startsWith('PS'));
  if (type === 'ed25519') return ['EdDSA', 'Ed25519'];
  const ofCurve = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' } as const;
  const curve = asymmetricKeyDetails?.namedCurve as keyof typeof ofCurve | undefined;
  const algorithm = curve && ofCurve[curve];
  if (type === 'ec' && algorithm !== undefined) return [algorithm];
  throw new Error(`DAYBOOK_JWT_PUBLIC_KEY is a key of type ${type}: use RSA, P-256 or Ed25519`);
}

/**
 * Keys in a file, which is read again when it has changed. A file that cannot be read later leaves
 * the keys as they are.
 */
async function createFileKeys(file: string, log: Pick<Logger, 'warn'>) {
  const read = async () => createLocalJWKSet(JSON.parse(await readFile(file, 'utf8')));
  const mark = async (): Promise<string> => {
    const { mtimeMs, size, ino } = await stat(file);
    return `${mtimeMs} ${size} ${ino}`;
  };
  let [known, keys] = [await mark(), await read()];
  let checkedAt = performance.now();
  return async function current() {
    if (performance.now() < checkedAt + fileAgeMaxMs) return keys;
    checkedAt = performance.now();
    try {
      const found = await mark();
      if (found !== known) [known, keys] = [found, await read()];
    } catch (error) {
      log.warn(
        { err: error },
        'the file of JSON web keys could not be read: its old keys are used',
      );
    }
    return keys;
  };
}

/** Keys at a URL. While it does not answer, the keys that were fetched before stay in use. */
function createUrlKeys(url: string, log: Pick<Logger, 'warn'>) {
  const keys = createRemoteJWKSet(new URL(url), {
    timeoutDuration: fetchTimeoutMs,
    cooldownDuration: cooldownMs,
    cacheMaxAge: Number.POSITIVE_INFINITY,
  });
  let refreshedAt = performance.now();
  function refresh(): void {
    if (keys.jwks() === undefined || performance.now() < refreshedAt + urlAgeMaxMs) return;
    refreshedAt = performance.now();
    keys.reload().catch((error: unknown) => {
      log.warn({ err: error }, 'the JSON web keys could not be fetched: the old keys are used');
    });
  }
  return (...[header, token]: Parameters<typeof keys>) => {
    refresh();
    return keys(header, token);
  };
}

/** A fault of the fetch is not one of the token. */
function rethrow(error: unknown): never {
  const isOfFetch =
    !(error instanceof errors.JOSEError) ||
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    error.code === 'ERR_JOSE_GENERIC';
  throw isOfFetch ? new KeysUnavailableError(error) : error;
}
