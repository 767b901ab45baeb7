import type { Executor } from '../../postgres/database.ts';
import type { Leadership } from '../../postgres/leadership.ts';
import { isLeaseFree } from '../../postgres/leases.ts';
import { viewNameOf } from '../row-names.ts';
import { dropView, readViews, retireExpired, retireView, type ViewRow } from '../store.ts';
import type { MovingView } from './advance.ts';

/**
 * Removes older versions of live views that no process uses, and what a rebuild has put aside and
 * was kept long enough; called about once a second.
 */
type DropReplaced = (
  executor: Executor,
  moving: readonly MovingView[],
  leadership: Pick<Leadership, 'take'>,
) => Promise<void>;

const droppedRowsMax = 5_000;
/**
 * A process that has the version takes a free lease within two seconds: if the lease is free for
 * four seconds, no process has the version.
 */
const unusedMs = 4_000;
/** By then every process has seen that the version is retired, and reads none of its rows. */
const retiredMs = 2_000;

/**
 * A version is in use as long as a process that has it in its code runs: that process advances it
 * or takes it over. A version that has been unused for four seconds is retired. It is then dropped,
 * a limited number of rows at a time, since the live views wait in the meantime.
 */
export function createDropReplaced(): DropReplaced {
  const unusedSince = new Map<number, number>();

  /** For how many milliseconds no process has had the lease; 0 if one has it. */
  async function unusedFor(executor: Executor, { id, version }: ViewRow): Promise<number> {
    if (version >= 0 && !(await isLeaseFree(executor, 'daybook.views', id))) {
      unusedSince.delete(id);
      return 0;
    }
    const since = unusedSince.get(id) ?? performance.now();
    unusedSince.set(id, since);
    return performance.now() - since;
  }

  return async (executor, moving, leadership) => {
    const live = moving.filter(({ status }) => status === 'live');
    for (const row of await readViews(executor)) {
      const isLed = live.some(({ view }) => view.name === viewNameOf(row.name));
      if (row.isExpired && isLed && (await isLeaseFree(executor, 'daybook.views', row.id))) {
        await retireExpired(executor, row.id, viewNameOf(row.name));
      }
      const isReplaced = live.some(
        ({ view }) => view.name === row.name && view.version > row.version,
      );
      if (!isReplaced) continue;
      const isRetired = row.version < 0;
      const unused = await unusedFor(executor, row);
      if (unused < (isRetired ? retiredMs : unusedMs)) continue;
      if (!(await leadership.take([row.id])).has(row.id)) continue;
      if (isRetired) {
        await dropView(executor, row.id, droppedRowsMax);
      } else {
        await retireView(executor, row.id);
        unusedSince.set(row.id, performance.now());
      }
    }
  };
}
