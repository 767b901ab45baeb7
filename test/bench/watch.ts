import { randomUUID } from 'node:crypto';
import { type Bench, repeat } from './support/bench.ts';
import { createClient } from './support/client.ts';
import { type Comparison, toCount, toDuration, toRate } from './support/comparison.ts';
import {
  depositExpected,
  openingExpected,
  toDepositBody,
  toOpeningBody,
} from './support/contract.ts';
import type { Stage } from './support/stage.ts';
import type { CrowdResult } from './support/watch-job.ts';
import { startWorker, type Worker } from './support/worker.ts';

const crowd = 10_000;
const watched = 1_000;
const perSecond = 15;
const connections = 16;

/** Live queries of many accounts. */
export const watch: Bench = {
  name: 'watch',
  method:
    `A live query of one account among ${crowd - 1} of other accounts, ${perSecond} deposits a ` +
    'second to it: the time from sending a mutation until its frame arrives, compared with the ' +
    `time until its answer. Then ${watched} live queries of as many accounts, compared with as ` +
    `many subscriptions to their events: frames a second under deposits over ${connections} ` +
    'connections to random ones of these accounts.',
  async run(stage) {
    const { port } = await stage.daybook();
    const ids = Array.from({ length: crowd }, () => randomUUID());
    stage.progress(`watch: opening ${crowd} accounts`);
    await createClient(port).postAll(ids.map(toOpeningBody), openingExpected);
    const worker = startWorker(new URL('support/watch-process.ts', import.meta.url));
    return stage.withWorkers([worker], () => measure(stage, worker, port, ids));
  },
};

async function measure(
  stage: Stage,
  worker: Worker,
  port: number,
  ids: readonly string[],
): Promise<readonly Comparison[]> {
  const [accountId = '', ...otherIds] = ids;
  const rounds = await repeat(stage.timing.rounds, async (round) => {
    const job = { ...stage.timing, port, accountId, otherIds, perSecond };
    const alone = await worker.call<CrowdResult>('watchInCrowd', job);
    const live = await deliver(stage, worker, { port, ids, kind: 'live' });
    const events = await deliver(stage, worker, { port, ids, kind: 'events' });
    stage.progress(
      `watch: round ${round}: answer ${alone.answerP50Ms.toFixed(2)} ms, ` +
        `frame ${alone.frameP50Ms.toFixed(2)} ms, live ${live.toFixed()}/s, ` +
        `events ${events.toFixed()}/s`,
    );
    return { ...alone, live, events };
  });
  const p50Of = (name: 'answerP50Ms' | 'frameP50Ms') =>
    toDuration(rounds.map((round) => round[name]));
  const rateOf = (name: 'live' | 'events') => toRate(rounds.map((round) => round[name]));
  return [
    {
      what: `mutation to live frame, ${crowd} watchers, p50`,
      ours: p50Of('frameP50Ms'),
      peer: "the mutation's answer",
      theirs: p50Of('answerP50Ms'),
      target: { atMost: 2 },
    },
    {
      what: '  frames for the other watchers',
      ours: toCount(rounds.map(({ otherFrames }) => otherFrames)),
      peer: '',
      theirs: null,
      target: { atMost: 0 },
    },
    {
      what: `live frames a second, ${watched} accounts`,
      ours: rateOf('live'),
      peer: 'the same with events',
      theirs: rateOf('events'),
      target: { atLeast: 0.5 },
    },
  ];
}

interface Deliveries {
  readonly port: number;
  readonly ids: readonly string[];
  readonly kind: 'live' | 'events';
}

/** Frames a second while deposits are made as fast as the server takes them. */
async function deliver(stage: Stage, worker: Worker, given: Deliveries): Promise<number> {
  const ids = given.ids.slice(0, watched);
  await worker.call('startDeliveries', { ...given, ids });
  const { port } = given;
  const group = { bodies: ids.map(toDepositBody), expected: depositExpected };
  const { warmUpMs, measuredMs } = stage.timing;
  await worker.call('deliveries');
  await stage.load({ port, connections, groups: [group] });
  const frames = await worker.call<number>('deliveries');
  await worker.call('stopDeliveries');
  return (frames / (warmUpMs + measuredMs)) * 1_000;
}
