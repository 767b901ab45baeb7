import { randomUUID } from 'node:crypto';
import { type Bench, repeat } from './support/bench.ts';
import { createClient } from './support/client.ts';
import { type Comparison, toCount, toRate } from './support/comparison.ts';
import {
  depositExpected,
  openingExpected,
  sequenceOf,
  toDepositBody,
  toOpeningBody,
} from './support/contract.ts';
import type { GroupLoad, RequestGroup } from './support/load-job.ts';
import { startPeer } from './support/peers.ts';
import type { Stage } from './support/stage.ts';

const accounts = 1_000;
const connections = 32;

/** Commands over HTTP, compared with a server that does nothing and with the same on Emmett. */
export const deposit: Bench = {
  name: 'deposit',
  method:
    `depositCash over HTTP, ${connections} keep-alive connections, ${accounts} accounts; every ` +
    'answer is checked. In each round the contenders run one after the other while all servers ' +
    "are up, and the next one waits until Daybook's views have caught up. Yoga: " +
    'createServer(createYoga({ schema })) with a mutation that returns true. Emmett: the same ' +
    'mutation on Yoga with CommandHandler and getPostgreSQLEventStore; version conflicts are ' +
    'retried after 1 ms.',
  run: (stage) => {
    const yoga = startPeer('plain-yoga');
    const emmett = startPeer('emmett-yoga');
    return stage.withWorkers([yoga, emmett], async () => {
      const ids = Array.from({ length: accounts }, () => randomUUID());
      stage.progress('deposit: opening accounts');
      const yogaPort = await yoga.call<number>('listen');
      const url = await stage.database('emmett');
      const emmettPort = await emmett.call<number>('listen', { url, accountIds: ids });
      const { port } = await stage.daybook();
      await createClient(port).postAll(ids.map(toOpeningBody), openingExpected);
      return compare(stage, { port, yogaPort, emmettPort, ids });
    });
  },
};

interface Contenders {
  readonly port: number;
  readonly yogaPort: number;
  readonly emmettPort: number;
  readonly ids: readonly string[];
}

async function compare(stage: Stage, contenders: Contenders): Promise<readonly Comparison[]> {
  const { port, yogaPort, emmettPort, ids } = contenders;
  const random = { bodies: ids.map(toDepositBody), expected: depositExpected };
  const hot = { bodies: random.bodies.slice(0, 1), expected: depositExpected };
  const nothing = {
    bodies: [JSON.stringify({ query: 'mutation { nothing }' })],
    expected: '"nothing":true',
  };
  const rounds = await repeat(stage.timing.rounds, async (round) => ({
    yoga: await load(stage, `Yoga doing nothing, round ${round}`, yogaPort, nothing),
    random: await loadDaybook(stage, `random accounts, round ${round}`, port, random),
    hot: await loadDaybook(stage, `one hot account, round ${round}`, port, hot),
    emmett: await load(stage, `Emmett, round ${round}`, emmettPort, random),
  }));
  const rateOf = (name: keyof (typeof rounds)[number]) =>
    toRate(rounds.map((round) => round[name].perSecond));
  const unexpectedOf = (name: 'random' | 'hot' | 'emmett') =>
    toCount(rounds.map((round) => round[name].unexpectedCount));
  const what = `deposits, random of ${accounts} accounts`;
  const none = { theirs: null, target: { atMost: 0 } };
  return [
    {
      what,
      ours: rateOf('random'),
      peer: 'Yoga doing nothing',
      theirs: rateOf('yoga'),
      target: { atLeast: 0.8 },
    },
    {
      what,
      ours: rateOf('random'),
      peer: 'Yoga with Emmett 0.42',
      theirs: rateOf('emmett'),
      target: { atLeast: 3 },
    },
    {
      what: 'deposits, one hot account',
      ours: rateOf('hot'),
      peer: 'Daybook, random accounts',
      theirs: rateOf('random'),
      target: { atLeast: 0.8 },
    },
    { what: '  answers without the payload', ours: unexpectedOf('hot'), peer: '', ...none },
    { what: '  the same, random accounts', ours: unexpectedOf('random'), peer: '', ...none },
  ];
}

async function loadDaybook(
  stage: Stage,
  what: string,
  port: number,
  group: RequestGroup,
): Promise<GroupLoad> {
  const result = await load(stage, what, port, group);
  const answer = await createClient(port).post(group.bodies[0] ?? '', depositExpected);
  const sequence = sequenceOf(answer);
  const waitedMs = await createClient(port).waitForViews(sequence);
  stage.progress(`deposit: the views caught up ${waitedMs.toFixed(0)} ms later`);
  return result;
}

async function load(
  stage: Stage,
  what: string,
  port: number,
  group: RequestGroup,
): Promise<GroupLoad> {
  const [result] = await stage.load({ port, connections, groups: [group] });
  if (result === undefined) throw new Error('the load generator returned no figures');
  const { perSecond, p50Ms, p99Ms, unexpectedCount, unexpected } = result;
  const delays = `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`;
  stage.progress(`deposit: ${what}: ${Math.round(perSecond)}/s, ${delays}`);
  if (unexpected !== null) stage.progress(`  ${unexpectedCount} unexpected, first: ${unexpected}`);
  return result;
}
