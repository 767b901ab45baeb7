import { randomUUID } from 'node:crypto';
import { allRoles } from '../../../../src/kernel/role.ts';
import { delay } from '../../../../src/lib/delay.ts';
import { testMasterKeys } from '../../../support/master-keys.ts';
import { silentLogger } from '../../../support/silent-logger.ts';
import { answerJobs } from '../answer-jobs.mjs';
import { importBuilt } from '../built.ts';
import { openDatabase } from '../database.ts';
import type { Delay } from '../live-job.ts';
import { percentile } from '../statistics.ts';
import { type ReceiverSource, receive } from './receivers.ts';
import { type AppendPace, appendSteadily } from './steady-appends.ts';

const { depositCash, openAccount } = await importBuilt<
  typeof import('../../../../src/contexts/accounts/commands.ts')
>('contexts/accounts/commands.js');
const { accounts } = await importBuilt<
  typeof import('../../../../src/contexts/accounts/context.ts')
>('contexts/accounts/context.js');
const { startEngine } = await importBuilt<typeof import('../../../../src/engine.ts')>('engine.js');

/** Writes to the log and receives from the bus: one process, and so one clock. */
answerJobs({ ofAppends, ofCommands });

/** Delays, and the rate at which events were really offered. */
export interface MeasuredDelay extends Delay {
  readonly perSecond: number;
}

interface AppendsJob extends AppendPace {
  readonly url: string;
  readonly source: ReceiverSource;
}

/** From the return of `log.append` until a subscriber receives the message. */
async function ofAppends({ url, source, ...pace }: AppendsJob): Promise<MeasuredDelay> {
  const database = await openDatabase(url);
  const receiver = await receive(source);
  const startedAt = performance.now();
  const appended = await appendSteadily(database, pace);
  const tookMs = performance.now() - startedAt;
  const measured = appended.filter(({ isWarmUp }) => !isWarmUp);
  const returned = measured.flatMap(({ first, count, at }) =>
    Array.from({ length: count }, (_, index) => [first + index, at] as const),
  );
  await receiver.has(returned.map(([sequence]) => sequence));
  const delays = returned.map(([sequence, at]) => (receiver.receivedAt.get(sequence) ?? 0) - at);
  await receiver.stop();
  await database.stop();
  const perSecond = ((appended.length * pace.batchSize) / tookMs) * 1_000;
  return { p50Ms: percentile(delays, 0.5), p99Ms: percentile(delays, 0.99), perSecond };
}

interface CommandsJob {
  readonly url: string;
  readonly source: ReceiverSource;
  readonly perSecond: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

const request = {
  options: {},
  actor: 'bench',
  roles: allRoles,
  transport: 'http',
  correlationId: null,
  causationId: null,
} as const;

/** From the outcome of a command until a subscriber receives the message of its event. */
async function ofCommands(job: CommandsJob): Promise<MeasuredDelay> {
  const { url, source, perSecond, warmUpMs, measuredMs } = job;
  const database = await openDatabase(url);
  const contexts = [{ ...accounts, views: [] }];
  const engine = await startEngine({
    database,
    url,
    contexts,
    logger: silentLogger,
    masterKeys: testMasterKeys(),
  });
  const accountId = randomUUID();
  const account = { accountId, owner: 'bench', currency: 'USD' };
  await engine.processor.submit({ ...request, definition: openAccount, input: account });
  const receiver = await receive(source);
  const acknowledged: { sequence: number; at: number }[] = [];
  const startedAt = performance.now();
  const endAt = startedAt + warmUpMs + measuredMs;
  let sent = 0;
  for (; performance.now() < endAt; sent += 1) {
    const input = { accountId, amount: '1.00' };
    const result = await engine.processor.submit({ ...request, definition: depositCash, input });
    if (result.rejection !== null) throw new Error(result.rejection.message);
    const at = performance.now();
    if (at > startedAt + warmUpMs) acknowledged.push({ sequence: result.sequence, at });
    const waitMs = startedAt + ((sent + 1) / perSecond) * 1_000 - at;
    if (waitMs > 1) await delay(waitMs);
  }
  await receiver.has(acknowledged.map(({ sequence }) => sequence));
  const delays = acknowledged.map(
    ({ sequence, at }) => (receiver.receivedAt.get(sequence) ?? 0) - at,
  );
  await receiver.stop();
  await engine.stop();
  await database.stop();
  const rate = (sent / (warmUpMs + measuredMs)) * 1_000;
  return { p50Ms: percentile(delays, 0.5), p99Ms: percentile(delays, 0.99), perSecond: rate };
}
