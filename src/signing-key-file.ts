import { generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type SigningKey, toSigningKey } from './proof/signed-head.ts';
import { createSecretFile } from './secret-file.ts';

/** The key that signs heads cannot be read or created; the message names the file. */
class SigningKeyError extends Error {
  readonly code = 'BAD_SIGNING_KEY';
}

/** Reads the key that signs heads, and creates it if there is no file. Throws `SigningKeyError`. */
export async function readSigningKey(file: string): Promise<SigningKey> {
  try {
    return (await findSigningKey(file)) ?? (await createKey(file));
  } catch (error) {
    if (error instanceof SigningKeyError) throw error;
    const reason = (error as Error).message;
    throw new SigningKeyError(
      `the signing key ${file} cannot be used (${reason}): set DAYBOOK_SIGNING_KEY_FILE`,
    );
  }
}

/** The key of a file; null if there is no file. Throws other errors of reading. */
export async function findSigningKey(file: string): Promise<SigningKey | null> {
  const pem = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return pem === null ? null : toSigningKey(pem);
}

async function createKey(file: string): Promise<SigningKey> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  await createSecretFile(file, pem.toString());
  // Another process may have created another key.
  return toSigningKey(await readFile(file, 'utf8'));
}
