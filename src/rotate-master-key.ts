import { pino } from 'pino';
import type { Config } from './config.ts';
import { addMasterKey, readMasterKeys } from './master-keys-file.ts';
import { rotateMasterKey } from './personal/ledger-key.ts';
import { createDatabase } from './postgres/database.ts';
import { startEmbeddedPostgres } from './postgres/embedded.ts';
import { migrate } from './postgres/migrate.ts';

/**
 * Wraps all keys of personal data by the first master key, while servers may run; `isNew`: by a new
 * one that is put into the file first. Returns the number of keys of people that were wrapped by
 * another one. Throws `MasterKeyError`.
 */
export async function rotate(config: Config, isNew: boolean): Promise<number> {
  const log = pino({ level: 'error' }, pino.destination({ fd: 2, sync: true }));
  if (isNew) await addMasterKey(config.masterKey);
  const { databaseUrl, dataDir } = config;
  const embedded = databaseUrl === null ? await startEmbeddedPostgres({ dataDir, log }) : null;
  const url = databaseUrl ?? embedded?.url ?? '';
  try {
    await migrate(url);
    const keys = await readMasterKeys(config.masterKey, async () => false);
    const database = createDatabase({ url, applicationName: 'daybook rotate-master-key', log });
    try {
      return await rotateMasterKey(database, keys);
    } finally {
      await database.stop();
    }
  } finally {
    await embedded?.stop();
  }
}
