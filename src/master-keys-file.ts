import { randomBytes } from 'node:crypto';
import { readFile, rename } from 'node:fs/promises';
import {
  createMasterKeys,
  type MasterKey,
  MasterKeyError,
  type MasterKeys,
  masterKeyBytes,
  parseMasterKeys,
} from './personal/master-keys.ts';
import { createSecretFile, withDraft } from './secret-file.ts';

/** Where the master keys of a program are. */
export interface MasterKeySettings {
  /** The keys themselves; null if they are in the file. */
  readonly keys: string | null;
  readonly file: string;
}

/**
 * Reads the master keys. `mayCreate`: called if there is no file; a new key is written to it if
 * true is returned, which is right only for a database without keys. Throws `MasterKeyError`.
 */
export async function readMasterKeys(
  { keys, file }: MasterKeySettings,
  mayCreate: () => Promise<boolean>,
): Promise<MasterKeys> {
  if (keys !== null) return createMasterKeys(parseMasterKeys(keys, 'DAYBOOK_MASTER_KEY'));
  const found = await readKeyFile(file);
  if (found !== null) return createMasterKeys(found, () => readExisting(file));
  if (!(await mayCreate())) throw new MasterKeyError(missing(file));
  await createKeyFile(file);
  return createMasterKeys(await readExisting(file), () => readExisting(file));
}

function missing(file: string): string {
  return (
    `the database has keys of personal data, but their master key is not in ${file}: ` +
    'give it in DAYBOOK_MASTER_KEY or DAYBOOK_MASTER_KEY_FILE'
  );
}

/** The keys of a file; null if there is no file. */
async function readKeyFile(file: string): Promise<readonly MasterKey[] | null> {
  try {
    return parseMasterKeys(await readFile(file, 'utf8'), file);
  } catch (error) {
    if (error instanceof MasterKeyError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new MasterKeyError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

async function readExisting(file: string): Promise<readonly MasterKey[]> {
  const found = await readKeyFile(file);
  if (found !== null) return found;
  throw new MasterKeyError(missing(file));
}

/**
 * Puts a new master key before those of the file, which stay in it: keys that they wrap have to be
 * unwrapped. Throws `MasterKeyError` if the keys are not in a file.
 */
export async function addMasterKey({ keys, file }: MasterKeySettings): Promise<void> {
  if (keys !== null) {
    throw new MasterKeyError(
      'the master keys are in DAYBOOK_MASTER_KEY: put a new one before them there, without --new',
    );
  }
  await readExisting(file);
  const older = await readFile(file, 'utf8');
  const key = randomBytes(masterKeyBytes).toString('base64');
  await withDraft(file, `${key}\n${older}`, (draft) => rename(draft, file));
}

/** Writes a new key, unless another process has just written one. */
async function createKeyFile(file: string): Promise<void> {
  const key = randomBytes(masterKeyBytes).toString('base64');
  try {
    await createSecretFile(file, `${key}\n`);
  } catch (error) {
    throw new MasterKeyError(
      `no master key can be written to ${file} (${(error as Error).message}): ` +
        'set DAYBOOK_MASTER_KEY or DAYBOOK_MASTER_KEY_FILE',
    );
  }
}
