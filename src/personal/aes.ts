import { createCipheriv, createDecipheriv, type KeyObject, randomFillSync } from 'node:crypto';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
const overheadBytes = nonceBytes + tagBytes;
/** Random bytes are drawn for many nonces at a time, which costs a third. */
const nonces = Buffer.alloc(nonceBytes * 256);
let noncesUsed = nonces.length;

/**
 * Encrypts with AES-256-GCM (NIST SP 800-38D) under a random nonce of 96 bits. Returns the nonce,
 * the ciphertext and the tag. `context` is authenticated but not part of the result.
 */
export function encrypt(key: KeyObject, plain: Buffer | string, context: string): Buffer {
  if (noncesUsed === nonces.length) {
    randomFillSync(nonces);
    noncesUsed = 0;
  }
  const nonce = nonces.subarray(noncesUsed, noncesUsed + nonceBytes);
  noncesUsed += nonceBytes;
  const cipher = createCipheriv(algorithm, key, nonce);
  cipher.setAAD(Buffer.from(context));
  const text = typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain);
  cipher.final();
  return Buffer.concat([nonce, text, cipher.getAuthTag()]);
}

/** Decrypts what `encrypt` returned; null if the key, the context or a byte is another one. */
export function decrypt(key: KeyObject, sealed: Buffer, context: string): Buffer | null {
  if (sealed.length < overheadBytes) return null;
  const end = sealed.length - tagBytes;
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes));
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(sealed.subarray(end));
  const plain = decipher.update(sealed.subarray(nonceBytes, end));
  try {
    decipher.final();
    return plain;
  } catch {
    return null;
  }
}
