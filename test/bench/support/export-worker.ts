import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { answerJobs } from './answer-jobs.mjs';
import { importBuilt } from './built.ts';

const { copyOut, withCopyConnection } =
  await importBuilt<typeof import('../../../src/postgres/copy-out.ts')>('postgres/copy-out.js');
const { migrate } =
  await importBuilt<typeof import('../../../src/postgres/migrate.ts')>('postgres/migrate.js');
const { exportLog } =
  await importBuilt<typeof import('../../../src/exports/export-log.ts')>('exports/export-log.js');
const { importLog } =
  await importBuilt<typeof import('../../../src/exports/import-log.ts')>('exports/import-log.js');

/** Export, import, and COPY of the same rows, each as a process does it. */
answerJobs({ exportRows, importRows, copyRowsOut, copyRowsIn });

export interface ExportJob {
  readonly url: string;
  /** An empty database. */
  readonly target: string;
}

/** Rows that were moved. */
export interface Transferred {
  readonly events: number;
  readonly ms: number;
  /** How much the process has grown at most, in bytes. */
  readonly grownBytes: number;
}

let directory = '';
let events = 0;

async function measure(work: () => Promise<unknown>): Promise<Transferred> {
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 20);
  const startedAt = performance.now();
  await work();
  const ms = performance.now() - startedAt;
  clearInterval(timer);
  return { events, ms, grownBytes: most - before };
}

const never = { signal: new AbortController().signal, onProgress() {} };

async function exportRows({ url }: ExportJob): Promise<Transferred> {
  if (directory !== '') await rm(directory, { recursive: true });
  directory = await mkdtemp(path.join(tmpdir(), 'daybook-bench-'));
  return measure(async () => {
    const options = { url, directory, after: null, program: 'bench', ...never };
    events = (await exportLog(options)).events;
  }).then((result) => ({ ...result, events }));
}

async function importRows({ target }: ExportJob): Promise<Transferred> {
  await migrate(target);
  const result = await measure(() => importLog({ url: target, directory, ...never }));
  await rm(directory, { recursive: true });
  directory = '';
  return result;
}

const tables = {
  events: 'sequence',
  command_batches: 'recorded_at',
  command_outcomes: 'recorded_at, sequence, command_id',
  command_terms: 'recorded_at, term',
};

/** Reads the rows over a connection for each table, as an export does, and drops them. */
async function copyRowsOut({ url }: ExportJob): Promise<Transferred> {
  await withCopyConnection(url, async ({ query }) => {
    const text = 'select sequence from log_head';
    const [row] = await query<{ sequence: number }>({ name: 'bench_head', text });
    events = row?.sequence ?? 0;
  });
  return measure(() =>
    Promise.all(
      Object.entries(tables).map(async ([table, order]) => {
        const statement = `copy (select * from ${table} order by ${order}) to stdout`;
        for await (const _chunk of copyOut(url, statement)) {
          // Only the time counts.
        }
      }),
    ),
  );
}

const chunkBytes = 4 * 1024 * 1024;

/** Moves the rows from one database to the other, in parts that end with a row. */
async function copyRowsIn({ url, target }: ExportJob): Promise<Transferred> {
  await migrate(target);
  return measure(() =>
    withCopyConnection(target, async ({ query, copyIn }) => {
      await query({ name: 'bench_begin', text: 'begin' });
      for (const [table, order] of Object.entries(tables)) {
        let rest: Buffer = Buffer.alloc(0);
        const statement = `copy (select * from ${table} order by ${order}) to stdout`;
        let waiting: Buffer[] = [];
        let bytes = 0;
        for await (const chunk of copyOut(url, statement)) {
          waiting.push(chunk);
          bytes += chunk.length;
          if (bytes < chunkBytes) continue;
          const all = Buffer.concat([rest, ...waiting]);
          const end = all.lastIndexOf(10) + 1;
          await copyIn(`copy ${table} from stdin`, all.subarray(0, end));
          rest = Buffer.from(all.subarray(end));
          waiting = [];
          bytes = 0;
        }
        await copyIn(`copy ${table} from stdin`, Buffer.concat([rest, ...waiting]));
      }
      await query({ name: 'bench_commit', text: 'commit' });
    }),
  );
}
