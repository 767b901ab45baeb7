import { createDatabase } from '../../src/postgres/database.ts';
import { beginning, isOver, packStep } from '../../src/views/building/pack-step.ts';
import { thinViews } from '../../src/views/thin-views.ts';
import { smallPacks } from './packing.ts';
import { silentLogger } from './silent-logger.ts';

/** Packs or thins a view, and kills its own process while the n-th step is under way. */
const [mode, url = '', view = '', upTo = '0', killAt = '0'] = process.argv.slice(2);
const database = createDatabase({ url, applicationName: 'killed', log: silentLogger });
let steps = 0;

/** A step takes some milliseconds: most are killed in the middle, and some right after. */
function countStep(): void {
  steps += 1;
  if (steps === Number(killAt)) setTimeout(() => process.kill(process.pid, 'SIGKILL'), steps % 4);
}

if (mode === 'pack') {
  const horizon = Number(upTo);
  const packed = { id: Number(view), horizon, settledAt: horizon - 500, sizes: smallPacks };
  for (let done = beginning; !isOver(done); ) {
    countStep();
    done = await packStep(database, packed, done);
  }
} else {
  await thinViews(database, { before: Number(upTo), views: [view], onProgress: countStep });
}
await database.stop();
