import { issueToken } from '../../src/api/transport/token.ts';
import { type Bench, repeat } from './support/bench.ts';
import { type Comparison, toRate } from './support/comparison.ts';
import { depositExpected, toDepositBody } from './support/contract.ts';
import type { RequestGroup } from './support/load-job.ts';
import type { Rate } from './support/measure-rate.mjs';
import type { RightsJob } from './support/rights-job.ts';
import type { Stage } from './support/stage.ts';
import { startWorker, type Worker } from './support/worker.ts';

const streams = 1_000;
const connections = 32;
const concurrency = 64;
/** Short turns, one after the other, so that a slow minute of the machine slows both. */
const turnsPerRound = 4;
const secret = 'a secret of at least 32 characters';
const owner = 'the owner of all accounts';

/** Deposits with the records of their commands, compared with deposits without. */
export const records: Bench = {
  name: 'records',
  method:
    `depositCash over HTTP, ${connections} connections, ${streams} accounts; then ${concurrency} ` +
    'deposits at a time with processor.submit on the log alone. Each has two processes, which ' +
    'take turns: one keeps the records of commands, the other does not. A round is ' +
    `${turnsPerRound} turns of each.`,
  async run(stage) {
    return [...(await overHttp(stage)), ...(await onTheLogAlone(stage))];
  },
};

async function overHttp(stage: Stage): Promise<readonly Comparison[]> {
  const file = new URL('support/rights-worker.ts', import.meta.url);
  const [kept, none] = [startWorker(file), startWorker(file)];
  return stage.withWorkers([kept, none], async () => {
    stage.progress('records: opening accounts');
    const authorization = `Bearer ${await issueToken(
      { jwt: { secret } },
      { actor: owner, roles: ['OPERATOR', 'CUSTOMER'], hours: 1 },
    )}`;
    const start = async (worker: Worker, recordsCommands: boolean) => {
      const url = await stage.database(recordsCommands ? 'http_records' : 'http_no_records');
      const owners = Array.from({ length: streams }, () => owner);
      const job: RightsJob = {
        url,
        secret,
        hasRights: true,
        recordsCommands,
        accounts: streams,
        owners,
      };
      const port = await worker.call<number>('start', job);
      const bodies = (await accountIds(port, authorization)).map(toDepositBody);
      return { port, group: { bodies, expected: depositExpected, authorization } };
    };
    const servers = { kept: await start(kept, true), none: await start(none, false) };
    const rounds = await inTurns(stage, 'over HTTP', {
      kept: () => loadHttp(stage, servers.kept),
      none: () => loadHttp(stage, servers.none),
    });
    return [compare('deposits with their records, over HTTP', rounds, 0.9)];
  });
}

async function onTheLogAlone(stage: Stage): Promise<readonly Comparison[]> {
  const file = new URL('support/records-worker.ts', import.meta.url);
  const [kept, none] = [startWorker(file), startWorker(file)];
  return stage.withWorkers([kept, none], async () => {
    for (const [worker, recordsCommands] of [
      [kept, true],
      [none, false],
    ] as const) {
      const url = await stage.database(recordsCommands ? 'records' : 'no_records');
      await worker.call('start', { url, streams, recordsCommands });
    }
    const rounds = await inTurns(stage, 'on the log alone', {
      kept: () => loadLog(stage, kept),
      none: () => loadLog(stage, none),
    });
    return [compare('  on the log alone', rounds, null)];
  });
}

type Turn = Readonly<Record<'kept' | 'none', number>>;

async function inTurns(
  stage: Stage,
  what: string,
  load: Readonly<Record<'kept' | 'none', () => Promise<number>>>,
): Promise<readonly Turn[]> {
  return repeat(stage.timing.rounds, async (round) => {
    const turns = await repeat(turnsPerRound, async (turn) => {
      const isFirst = turn % 2 === 0;
      const first = isFirst ? await load.kept() : 0;
      const none = await load.none();
      return { none, kept: isFirst ? first : await load.kept() };
    });
    const figures = { kept: meanOf(turns, 'kept'), none: meanOf(turns, 'none') };
    const texts = [figures.kept, figures.none].map((rate) => `${Math.round(rate)}/s`);
    stage.progress(`records: ${what}, round ${round}: ${texts[0]} with, ${texts[1]} without`);
    return figures;
  });
}

function compare(what: string, rounds: readonly Turn[], atLeast: number | null): Comparison {
  return {
    what,
    ours: toRate(rounds.map((round) => round.kept)),
    peer: 'deposits without records',
    theirs: toRate(rounds.map((round) => round.none)),
    target: atLeast === null ? null : { atLeast },
  };
}

function meanOf(turns: readonly Turn[], name: keyof Turn): number {
  return turns.reduce((sum, turn) => sum + turn[name], 0) / turns.length;
}

interface HttpServer {
  readonly port: number;
  readonly group: RequestGroup;
}

async function loadHttp(stage: Stage, { port, group }: HttpServer): Promise<number> {
  const [load] = await stage.load({ port, connections, groups: [group], ...turnOf(stage) });
  if (load === undefined || load.unexpected !== null) throw new Error(String(load?.unexpected));
  return load.perSecond;
}

async function loadLog(stage: Stage, worker: Worker): Promise<number> {
  const rate = await worker.call<Rate>('deposit', { ...turnOf(stage), concurrency });
  if (rate.failure !== null) throw new Error(rate.failure);
  return rate.perSecond;
}

function turnOf({ timing }: Stage): { readonly warmUpMs: number; readonly measuredMs: number } {
  return {
    warmUpMs: timing.warmUpMs / turnsPerRound,
    measuredMs: timing.measuredMs / turnsPerRound,
  };
}

async function accountIds(port: number, authorization: string): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let after = ''; ids.length < streams; ) {
    const query = `{ accounts(first: 500, after: "${after}") {
      nodes { accountId } pageInfo { endCursor } } }`;
    const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify({ query }),
    });
    const { data } = (await response.json()) as { readonly data: { readonly accounts: Page } };
    ids.push(...data.accounts.nodes.map(({ accountId }) => accountId));
    after = data.accounts.pageInfo.endCursor;
  }
  return ids;
}

interface Page {
  readonly nodes: readonly { readonly accountId: string }[];
  readonly pageInfo: { readonly endCursor: string };
}
