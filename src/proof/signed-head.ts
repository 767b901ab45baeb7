import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** The head of a log at one moment. */
export interface LogHead {
  /** The UUID of the log. */
  readonly ledger: string;
  readonly epoch: number;
  readonly sequence: number;
  /** The hash of the last event, in hexadecimal. */
  readonly hash: string;
  /** The time of the last batch of commands, as COPY prints it, and its hash. */
  readonly batchAt: string;
  readonly commandsHash: string;
}

/** A head as it was signed. */
export interface SignedHead extends LogHead {
  readonly signedAt: string;
  /** The Ed25519 key: base64 of its 32 bytes. */
  readonly publicKey: string;
}

/** A key that signs heads. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: string;
}

const format = 'daybook-head-1';
/** Nothing may follow the signature: it would not be signed. */
const signedForm = /^(\{.*),"signature":"([A-Za-z0-9+/]{86}==)"\}$/;

/** The key of a PEM text (PKCS #8). Throws if it is not an Ed25519 private key. */
export function toSigningKey(pem: string): SigningKey {
  const privateKey = createPrivateKey(pem);
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error('the key is not of Ed25519');
  return { privateKey, publicKey: toPublicText(createPublicKey(privateKey)) };
}

/**
 * The public key of a text: 32 bytes in base64, or PEM. Throws if it is not an Ed25519 public key.
 */
export function parsePublicKey(text: string): string {
  const trimmed = text.trim();
  if (/^[A-Za-z0-9+/]{43}=$/.test(trimmed)) return trimmed;
  const key = createPublicKey(trimmed);
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('the key is not of Ed25519');
  return toPublicText(key);
}

/** Signs a head: one line of JSON. The signature is over the bytes before its member. */
export function signHead(head: LogHead, key: SigningKey, signedAt: string): string {
  const { ledger, epoch, sequence, hash, batchAt, commandsHash } = head;
  const { publicKey, privateKey } = key;
  const members = { ledger, epoch, sequence, hash, batchAt, commandsHash, signedAt, publicKey };
  const signed = JSON.stringify({ format, ...members }).slice(0, -1);
  const signature = sign(null, Buffer.from(signed), privateKey).toString('base64');
  return `${signed},"signature":"${signature}"}`;
}

/**
 * Reads a signed head. Returns a string that says what is wrong if it is not one, if its signature
 * is not that of its key, or if its key is not one of `trusted` (empty: any key).
 */
export function readSignedHead(line: string, trusted: readonly string[]): SignedHead | string {
  const [, signed = '', signature = ''] = signedForm.exec(line) ?? [];
  const head = parse(line);
  if (signed === '' || head === null) return 'is not a signed head';
  const key = toKeyObject(head.publicKey);
  const bytes = Buffer.from(signature, 'base64');
  if (key === null || !verify(null, Buffer.from(signed), key, bytes)) {
    return 'has a signature that is not that of its text';
  }
  if (trusted.length > 0 && !trusted.includes(head.publicKey)) {
    return `is signed by another key, ${head.publicKey}`;
  }
  return head;
}

function parse(line: string): SignedHead | null {
  try {
    const value: Partial<SignedHead> & { readonly format?: string } = JSON.parse(line);
    const { ledger, sequence, epoch, hash, batchAt, commandsHash, signedAt, publicKey } = value;
    const texts = [ledger, hash, batchAt, commandsHash, signedAt, publicKey];
    const isHead =
      value.format === format &&
      texts.every((text) => typeof text === 'string') &&
      [sequence, epoch].every(Number.isSafeInteger);
    return isHead ? (value as SignedHead) : null;
  } catch {
    return null;
  }
}

/** The bytes of DER before those of an Ed25519 public key. */
const derPrefix = Buffer.from('302a300506032b6570032100', 'hex');

function toKeyObject(publicKey: string): KeyObject | null {
  const der = Buffer.concat([derPrefix, Buffer.from(publicKey, 'base64')]);
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}

function toPublicText(key: KeyObject): string {
  return key.export({ format: 'der', type: 'spki' }).subarray(derPrefix.length).toString('base64');
}
