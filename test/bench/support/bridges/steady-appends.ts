import { delay } from '../../../../src/lib/delay.ts';
import type { Database } from '../../../../src/postgres/database.ts';
import { importBuilt } from '../built.ts';
import { createLane, type Lane, toBatch } from '../deposit-batches.ts';

const { accounts } = await importBuilt<
  typeof import('../../../../src/contexts/accounts/context.ts')
>('contexts/accounts/context.js');
const { eventDefinitionsOf } =
  await importBuilt<typeof import('../../../../src/kernel/context.ts')>('kernel/context.js');
const { createLog } = await importBuilt<typeof import('../../../../src/log/log.ts')>('log/log.js');

export interface AppendPace {
  readonly perSecond: number;
  readonly batchSize: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

/** A batch of events, and when `log.append` returned; milliseconds of this process's clock. */
export interface AppendedBatch {
  readonly first: number;
  readonly count: number;
  readonly at: number;
  readonly isWarmUp: boolean;
}

const lanesMax = 4;
const streamsPerLane = 250;

/** Appends small batches at a steady rate, also if earlier ones are still under way. */
export async function appendSteadily(
  database: Database,
  { perSecond, batchSize, warmUpMs, measuredMs }: AppendPace,
): Promise<readonly AppendedBatch[]> {
  const log = createLog(database, eventDefinitionsOf([accounts]));
  const idle: Lane[] = Array.from({ length: lanesMax }, () => createLane(streamsPerLane));
  const stepMs = (batchSize / perSecond) * 1_000;
  const batches = Math.round((warmUpMs + measuredMs) / stepMs);
  const appended: AppendedBatch[] = [];
  const underWay = new Set<Promise<void>>();

  async function append(lane: Lane, isWarmUp: boolean): Promise<void> {
    const { firstSequence: first } = await log.append(toBatch(lane, batchSize));
    appended.push({ first, count: batchSize, at: performance.now(), isWarmUp });
    idle.push(lane);
  }

  const startedAt = performance.now();
  for (let index = 0; index < batches; index += 1) {
    const waitMs = startedAt + index * stepMs - performance.now();
    if (waitMs > 1) await delay(waitMs);
    while (idle.length === 0) await Promise.race(underWay);
    const lane = idle.pop();
    if (lane === undefined) throw new Error('no lane is idle');
    const work = append(lane, index * stepMs < warmUpMs);
    underWay.add(work);
    void work.then(() => underWay.delete(work));
  }
  await Promise.all(underWay);
  return appended;
}
