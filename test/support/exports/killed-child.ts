import { exportLog } from '../../../src/exports/export-log.ts';
import { importLog } from '../../../src/exports/import-log.ts';

/** Exports or imports, and kills its own process at the n-th sign of progress. */
const [mode, url = '', directory = '', killAt = '0'] = process.argv.slice(2);
let signs = 0;
const onProgress = () => {
  signs += 1;
  if (signs === Number(killAt)) process.kill(process.pid, 'SIGKILL');
};
const common = { url, directory, signal: new AbortController().signal, onProgress };
if (mode === 'import') await importLog(common);
else {
  const limits = { events: 60, characters: 1_000_000 };
  await exportLog({ ...common, after: null, program: 'test', limits });
}
