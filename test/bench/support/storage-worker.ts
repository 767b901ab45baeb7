import type { Database } from '../../../src/postgres/database.ts';
import type { MovingView } from '../../../src/views/building/advance.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { answerJobs } from './answer-jobs.mjs';
import { importBuilt } from './built.ts';
import { openDatabase } from './database.ts';
import { percentile, pick } from './statistics.ts';
import { bytesOf } from './table-sizes.ts';

const { modules } =
  await importBuilt<typeof import('../../../src/contexts/all.ts')>('contexts/all.js');
const { eventDefinitionsOf } =
  await importBuilt<typeof import('../../../src/kernel/context.ts')>('kernel/context.js');
const { createLog } = await importBuilt<typeof import('../../../src/log/log.ts')>('log/log.js');
const { advance, createMovingView } = await importBuilt<
  typeof import('../../../src/views/building/advance.ts')
>('views/building/advance.js');
const { createPacking } = await importBuilt<
  typeof import('../../../src/views/building/packing.ts')
>('views/building/packing.js');
const { readDocument, readList } =
  await importBuilt<typeof import('../../../src/views/read.ts')>('views/read.js');
const { readViews, registerView } =
  await importBuilt<typeof import('../../../src/views/store.ts')>('views/store.js');

/** Folds a log into the views of another database, packed or not, and reads them. */
answerJobs({ fold, read });

const contexts = modules.map(({ context }) => context);
const pageSize = 200;
const readsPerRound = 1_500;

interface Target {
  readonly database: Database;
  readonly orders: number;
  readonly upTo: number;
}

const targets = new Map<boolean, Target>();
/** Versions of orders that both databases have. */
let versions: readonly { readonly key: string; readonly sequence: number }[] = [];

interface FoldJob {
  readonly source: string;
  readonly target: string;
  readonly isPacked: boolean;
}

async function fold({ source, target, isPacked }: FoldJob) {
  const from = await openDatabase(source);
  const log = createLog(from, eventDefinitionsOf(contexts));
  const database = await openDatabase(target);
  const moving = await createViews(database);
  const signal = new AbortController().signal;
  const packing = createPacking({ executor: database, logger: silentLogger, signal });
  let foldedMs = 0;
  let upTo = 0;
  await database.withConnection(async (executor) => {
    for (;;) {
      const events = await log.events({}, { after: upTo, limit: pageSize });
      const last = events.at(-1)?.sequence;
      if (last === undefined) break;
      upTo = last;
      const began = performance.now();
      await advance(executor, moving, events);
      if (isPacked) packing.wake(moving);
      if (packing.isBehind(moving)) await packing.rest();
      foldedMs += performance.now() - began;
    }
  });
  if (isPacked) await packing.rest();
  await database.query({ name: 'bench_analyze', text: 'vacuum analyze' });
  const orders = moving.find(({ view }) => view.name === 'orders')?.id ?? 0;
  targets.set(isPacked, { database, orders, upTo });
  if (!isPacked) versions = await versionsOf(database, orders);
  await from.stop();
  return { perSecond: upTo / (foldedMs / 1_000), bytes: await bytesOfViews(database) };
}

async function createViews(database: Database): Promise<readonly MovingView[]> {
  const views = contexts.flatMap((context) => context.views);
  for (const view of views) await registerView(database, view);
  const rows = await readViews(database);
  return views.map((view) => {
    const id = rows.find(({ name }) => name === view.name)?.id ?? 0;
    return createMovingView(view, id, 0, 'building');
  });
}

async function versionsOf(database: Database, view: number) {
  return database.query<{ key: string; sequence: number }>(
    {
      name: 'bench_versions',
      text: `select key, sequence from view_documents where view_id = $1
        order by random() limit 5000`,
    },
    [view],
  );
}

async function bytesOfViews(database: Database) {
  const bytes = [...(await bytesOf(database))];
  const sum = (pattern: RegExp) =>
    bytes.reduce((total, [table, size]) => total + (pattern.test(table) ? size : 0), 0);
  return {
    documents: sum(/^view_document/),
    lists: sum(/^view_(?:entr|blocks|partitions)/),
  };
}

async function read({ isPacked }: { readonly isPacked: boolean }) {
  const target = targets.get(isPacked);
  if (target === undefined) throw new Error('fold first');
  const { orders, upTo, database } = target;
  return database.withConnection(async (executor) => {
    const p50 = async (work: () => Promise<unknown>): Promise<number> => {
      const times: number[] = [];
      for (let index = 0; index < readsPerRound; index += 1) {
        const began = performance.now();
        await work();
        times.push(performance.now() - began);
      }
      return percentile(times, 0.5);
    };
    const page = { list: 'PLACED_AT', limit: 50, descending: true };
    const pageAt = (at: number) => readList(executor, orders, page, at);
    return {
      document: await p50(() => readDocument(executor, orders, pick(versions).key, upTo)),
      documentPast: await p50(() => {
        const { key, sequence } = pick(versions);
        return readDocument(executor, orders, key, sequence);
      }),
      page: await p50(() => pageAt(upTo)),
      pagePast: await p50(() => pageAt(1_000 + Math.floor(Math.random() * (upTo - 1_000)))),
    };
  });
}
