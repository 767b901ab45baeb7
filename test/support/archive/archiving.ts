import { archiveLog } from '../../../src/archive/archive-log.ts';
import { restoreLog } from '../../../src/archive/restore-log.ts';
import type { AnyDecider } from '../../../src/commands/streams/cache.ts';
import { modules } from '../../../src/contexts/all.ts';
import { eventDefinitionsOf } from '../../../src/kernel/context.ts';
import { createLog } from '../../../src/log/log.ts';
import { createDatabase } from '../../../src/postgres/database.ts';
import { silentLogger } from '../silent-logger.ts';

const contexts = modules.map(({ context }) => context);
export const allDeciders = contexts.flatMap(
  (context) => context.deciders as unknown as readonly AnyDecider[],
);

/** Archives the events up to a sequence, in small files. */
export async function archiveSmall(
  url: string,
  directory: string,
  sequence: number,
  more: Partial<Parameters<typeof archiveLog>[0]> = {},
) {
  const database = createDatabase({ url, applicationName: 'archive', log: silentLogger });
  try {
    return await archiveLog({
      url,
      directory,
      log: createLog(database, eventDefinitionsOf(contexts)),
      deciders: allDeciders,
      before: { kind: 'sequence', sequence },
      program: 'test',
      signal: new AbortController().signal,
      onProgress() {},
      limits: { events: 50, characters: 1_000_000 },
      ...more,
    });
  } finally {
    await database.stop();
  }
}

export function restoreAll(url: string, directory: string) {
  const { signal } = new AbortController();
  return restoreLog({ url, directory, signal, onProgress() {} });
}
