import { archiveLog } from '../../../src/archive/archive-log.ts';
import { restoreLog } from '../../../src/archive/restore-log.ts';
import { modules } from '../../../src/contexts/all.ts';
import { eventDefinitionsOf } from '../../../src/kernel/context.ts';
import { createLog } from '../../../src/log/log.ts';
import { createDatabase } from '../../../src/postgres/database.ts';
import { silentLogger } from '../silent-logger.ts';
import { allDeciders } from './archiving.ts';

/** Archives or restores, and kills its own process at a step, or at its n-th sign of progress. */
const [mode, url = '', directory = '', sequence = '0', killAt = '', nth = '1'] =
  process.argv.slice(2);
let signs = 0;
const onProgress = ({ step }: { readonly step: string }) => {
  if (step !== killAt) return;
  signs += 1;
  if (signs === Number(nth)) process.kill(process.pid, 'SIGKILL');
};
const { signal } = new AbortController();
if (mode === 'restore') await restoreLog({ url, directory, signal, onProgress });
else {
  const database = createDatabase({ url, applicationName: 'archive', log: silentLogger });
  const log = createLog(database, eventDefinitionsOf(modules.map(({ context }) => context)));
  const writeSnapshots: typeof log.writeSnapshots = async (snapshots) => {
    await log.writeSnapshots(snapshots);
    onProgress({ step: 'snapshots' });
  };
  await archiveLog({
    url,
    directory,
    log: { ...log, writeSnapshots },
    deciders: allDeciders,
    before: { kind: 'sequence', sequence: Number(sequence) },
    program: 'test',
    signal,
    onProgress,
    limits: { events: 50, characters: 1_000_000 },
  });
  await database.stop();
}
