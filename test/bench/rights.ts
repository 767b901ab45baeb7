import { issueToken } from '../../src/api/transport/token.ts';
import type { Role } from '../../src/kernel/role.ts';
import { type Bench, repeat } from './support/bench.ts';
import { toDuration, toRate } from './support/comparison.ts';
import * as contract from './support/contract.ts';
import type { GroupLoad, RequestGroup } from './support/load-job.ts';
import type { RightsJob } from './support/rights-job.ts';
import type { Stage } from './support/stage.ts';
import { startWorker, type Worker } from './support/worker.ts';

const connections = 16;
const secret = 'a secret of at least 32 characters';
const customer = 'a customer';

/** Rights must cost little, and a customer's list must not depend on the accounts of others. */
export const rights: Bench = {
  name: 'rights',
  method:
    'Two servers of one build with tokens, one of them with rights switched off by the bench, each ' +
    'on its own database, in turns. depositCash by an operator and account(id) by the owner, ' +
    `${connections} connections. Then accounts by a customer who has 3 of 100,000 accounts (10,000 ` +
    "with --quick), and an operator's account(id), one connection, p50; the two alternate.",
  async run(stage) {
    const [on, off] = [startServer(), startServer()];
    return stage.withWorkers([on, off], async () => {
      const accounts = stage.timing.isThorough ? 100_000 : 10_000;
      stage.progress(`rights: opening ${accounts} accounts, twice`);
      const start = async (worker: Worker, hasRights: boolean): Promise<number> => {
        const url = await stage.database(hasRights ? 'rights' : 'no_rights');
        const owners = [customer, customer, customer];
        const job: RightsJob = {
          url,
          secret,
          hasRights,
          recordsCommands: true,
          accounts,
          owners,
        };
        return worker.call('start', job);
      };
      return compare(stage, { on: await start(on, true), off: await start(off, false) });
    });
  },
};

function startServer(): Worker {
  return startWorker(new URL('support/rights-worker.ts', import.meta.url));
}

interface Ports {
  readonly on: number;
  readonly off: number;
}

async function compare(stage: Stage, ports: Ports) {
  const [on, off] = [await toGroups(ports.on), await toGroups(ports.off)];
  const rounds = await repeat(stage.timing.rounds, async (round) => {
    const rates = {
      depositsOn: await rate(stage, ports.on, on.deposits),
      depositsOff: await rate(stage, ports.off, off.deposits),
      readsOn: await rate(stage, ports.on, on.reads),
      readsOff: await rate(stage, ports.off, off.reads),
    };
    const pair = [on.list, on.single];
    const [list, single] = await stage.load({ port: ports.on, connections: 1, groups: pair });
    const p50s = { list: asExpected(list).p50Ms, single: asExpected(single).p50Ms };
    stage.progress(`rights: round ${round}: ${JSON.stringify({ ...rates, ...p50s })}`);
    return { ...rates, ...p50s };
  });
  const figures = (name: keyof (typeof rounds)[number]) => rounds.map((round) => round[name]);
  return [
    {
      what: 'deposits with rights',
      ours: toRate(figures('depositsOn')),
      peer: 'the same without rights',
      theirs: toRate(figures('depositsOff')),
      target: { atLeast: 0.9 },
    },
    {
      what: 'account(id) by its owner, with rights',
      ours: toRate(figures('readsOn')),
      peer: 'the same without rights',
      theirs: toRate(figures('readsOff')),
      target: { atLeast: 0.9 },
    },
    {
      what: 'accounts of a customer who has 3, p50',
      ours: toDuration(figures('list')),
      peer: "an operator's account(id)",
      theirs: toDuration(figures('single')),
      target: { atMost: 1.3 },
    },
  ];
}

type Groups = Readonly<Record<'deposits' | 'reads' | 'list' | 'single', RequestGroup>>;

async function toGroups(port: number): Promise<Groups> {
  const operator = await authorization('an operator', ['OPERATOR']);
  const owner = await authorization(customer, []);
  const ids = await ownIds(port, owner);
  const query = '{ accounts { nodes { __typename balance version sequence } } }';
  const single = { bodies: ids.map(contract.toAccountBody), expected: contract.accountExpected };
  const list = { bodies: [JSON.stringify({ query })], expected: contract.accountExpected };
  const deposits = { bodies: ids.map(contract.toDepositBody), expected: contract.depositExpected };
  return {
    deposits: { ...deposits, authorization: operator },
    reads: { ...single, authorization: owner },
    list: { ...list, authorization: owner },
    single: { ...single, authorization: operator },
  };
}

async function rate(stage: Stage, port: number, group: RequestGroup): Promise<number> {
  const [load] = await stage.load({ port, connections, groups: [group] });
  return asExpected(load).perSecond;
}

function asExpected(load: GroupLoad | undefined): GroupLoad {
  if (load === undefined || load.unexpected !== null) throw new Error(String(load?.unexpected));
  return load;
}

async function authorization(actor: string, roles: readonly Role[]): Promise<string> {
  return `Bearer ${await issueToken({ jwt: { secret } }, { actor, roles, hours: 1 })}`;
}

/** The ids of the accounts of a customer. */
async function ownIds(port: number, token: string): Promise<readonly string[]> {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: token },
    body: JSON.stringify({ query: '{ accounts { nodes { accountId } } }' }),
  });
  const { data } = (await response.json()) as {
    readonly data: { readonly accounts: { readonly nodes: { readonly accountId: string }[] } };
  };
  return data.accounts.nodes.map(({ accountId }) => accountId);
}
