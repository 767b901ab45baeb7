import { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { Bench } from './support/bench.ts';
import { importBuilt } from './support/built.ts';
import { type Comparison, type Figure, toBytes, toDuration, toRate } from './support/comparison.ts';
import { openDatabase } from './support/database.ts';
import { startDaybookServer } from './support/daybook-server.ts';
import type { Stage } from './support/stage.ts';
import { bytesOf, eventCountOf } from './support/table-sizes.ts';
import { startWorker, type Worker } from './support/worker.ts';

const { runDemo } = await importBuilt<typeof import('../../src/demo/demo.ts')>('demo/demo.js');

const events = { thorough: 100_000, quick: 15_000 };
const bytesMax = 1_500;

/** The space that a trading log and its views take, and what packing the views costs. */
export const storage: Bench = {
  name: 'storage',
  method:
    `the market of \`npm run demo\`, as fast as the server takes it, until its log has ` +
    `${events.thorough.toLocaleString('en')} events. Bytes of tables, with indexes, for each ` +
    'event. The log is then folded into two other databases, whose views are packed or not: ' +
    'pages of 200 events, then documents and pages of 50 orders over one connection, p50.',
  async run(stage) {
    const url = await stage.database('storage');
    const count = await trade(stage, url);
    const all = await inDatabase(stage, url);
    const worker = startWorker(new URL('support/storage-worker.ts', import.meta.url));
    return stage.withWorkers([worker], async () => [
      ...all,
      ...(await packedOrNot(stage, { worker, source: url, count })),
    ]);
  },
};

/** Trades until the log is long enough; returns the number of its events. */
async function trade(stage: Stage, url: string): Promise<number> {
  const server = await startDaybookServer(url);
  const database = await openDatabase(url);
  const over = new AbortController();
  return stage.withWorkers([server, database, { stop: async () => over.abort() }], async () => {
    const wanted = stage.timing.isThorough ? events.thorough : events.quick;
    const demo = runDemo({
      url: `http://127.0.0.1:${server.port}/graphql`,
      token: null,
      database: 'storage',
      seed: '1',
      ratePerSecond: 1_000,
      isAmongOtherData: false,
      terminal: new Writable({ write: (_chunk, _encoding, done) => done() }),
      ready() {},
      signal: over.signal,
    });
    for (let count = 0; count < wanted; count = await eventCountOf(database)) {
      stage.progress(`storage: ${count} of ${wanted} events`);
      await Promise.race([pause(5_000), demo]);
    }
    over.abort();
    await demo;
    return eventCountOf(database);
  });
}

async function inDatabase(stage: Stage, url: string): Promise<readonly Comparison[]> {
  const database = await openDatabase(url);
  return stage.withWorkers([database], async () => {
    const count = await eventCountOf(database);
    const bytes = await bytesOf(database);
    const each = (pattern: RegExp): Figure => {
      const matching = [...bytes].filter(([table]) => pattern.test(table));
      return toBytes([matching.reduce((sum, [, size]) => sum + size, 0) / count]);
    };
    const none = { peer: '', theirs: null };
    return [
      {
        what: 'bytes for an event, all tables',
        ours: each(/./),
        ...none,
        target: { atMost: bytesMax },
      },
      { what: '  events', ours: each(/^events/), ...none, target: null },
      { what: '  command records, keys', ours: each(/^command|^append/), ...none, target: null },
      { what: '  views', ours: each(/^view/), ...none, target: null },
    ];
  });
}

interface Folding {
  readonly worker: Worker;
  readonly source: string;
  readonly count: number;
}

/** What the worker measures of a database with packed views, or with plain ones. */
interface Folded {
  readonly perSecond: number;
  readonly bytes: Readonly<Record<'documents' | 'lists', number>>;
}

type Reads = Readonly<Record<'document' | 'documentPast' | 'page' | 'pagePast', number>>;

async function packedOrNot(
  stage: Stage,
  { worker, source, count }: Folding,
): Promise<readonly Comparison[]> {
  const fold = async (isPacked: boolean): Promise<Folded> => {
    stage.progress(`storage: folding ${isPacked ? 'with' : 'without'} packs`);
    const target = await stage.database(isPacked ? 'storage_packed' : 'storage_plain');
    return worker.call<Folded>('fold', { source, target, isPacked });
  };
  const [plain, packed] = [await fold(false), await fold(true)];
  const reads: { plain: Reads[]; packed: Reads[] } = { plain: [], packed: [] };
  for (let round = 1; round <= stage.timing.rounds; round += 1) {
    reads.plain.push(await worker.call<Reads>('read', { isPacked: false }));
    reads.packed.push(await worker.call<Reads>('read', { isPacked: true }));
  }
  const rows: Comparison[] = [
    {
      what: 'events folded into all views',
      ours: toRate([packed.perSecond]),
      peer: 'without packs',
      theirs: toRate([plain.perSecond]),
      target: { atLeast: 0.9 },
    },
  ];
  for (const part of ['documents', 'lists'] as const) {
    rows.push({
      what: `bytes of ${part} for an event`,
      ours: toBytes([packed.bytes[part] / count]),
      peer: 'without packs',
      theirs: toBytes([plain.bytes[part] / count]),
      target: { atMost: 0.4 },
    });
  }
  const names = {
    document: 'document of an order, p50',
    documentPast: '  as of a random sequence, p50',
    page: 'page of 50 orders, p50',
    pagePast: '  as of a random sequence, p50',
  } as const;
  for (const name of ['document', 'documentPast', 'page', 'pagePast'] as const) {
    rows.push({
      what: names[name],
      ours: toDuration(reads.packed.map((each) => each[name])),
      peer: 'without packs',
      theirs: toDuration(reads.plain.map((each) => each[name])),
      target: null,
    });
  }
  return rows;
}
