import { answerJobs } from './answer-jobs.mjs';
import { importBuilt } from './built.ts';

const { copyOut } =
  await importBuilt<typeof import('../../../src/postgres/copy-out.ts')>('postgres/copy-out.js');
const { verifyLog } =
  await importBuilt<typeof import('../../../src/proof/verify-log.ts')>('proof/verify-log.js');

/** The check of a log, and COPY of the same rows, each as a process does it. */
answerJobs({ verify, copy });

/** A measured check. */
export interface MeasuredCheck {
  readonly events: number;
  readonly ms: number;
  /** How much the process has grown at most, in bytes. */
  readonly grownBytes: number;
}

async function verify({ url }: { readonly url: string }): Promise<MeasuredCheck> {
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 50);
  const startedAt = performance.now();
  const { fault, position } = await verifyLog({
    url,
    from: null,
    heads: [],
    isPart: false,
    signal: new AbortController().signal,
    onPosition() {},
  });
  clearInterval(timer);
  if (fault !== null) throw new Error(`sequence ${fault.sequence}: ${fault.reason}`);
  const ms = performance.now() - startedAt;
  return { events: position.sequence, ms, grownBytes: most - before };
}

const tables = {
  events: 'sequence',
  command_batches: 'recorded_at',
  command_outcomes: 'recorded_at, sequence, command_id',
  command_terms: 'recorded_at, term',
};

/** Reads the rows over a connection for each table, as the check does, and drops them. */
async function copy({ url }: { readonly url: string }): Promise<number> {
  const startedAt = performance.now();
  await Promise.all(
    Object.entries(tables).map(async ([table, order]) => {
      const statement = `copy (select * from ${table} order by ${order}) to stdout`;
      for await (const _chunk of copyOut(url, statement)) {
        // Only the time counts.
      }
    }),
  );
  return performance.now() - startedAt;
}
