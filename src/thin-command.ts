import type { Config } from './config.ts';
import { UsageError } from './import/errors.ts';
import { parseMoment } from './kernel/moment.ts';
import { dateTimeFault } from './lib/date-time.ts';
import { assertImported } from './log/half-imported.ts';
import { readHead } from './log/head.ts';
import { readSequenceAt } from './log/moments.ts';
import { withDatabase } from './open-database.ts';
import type { Executor } from './postgres/database.ts';
import { type ThinnedView, thinnable, thinViews } from './views/thin-views.ts';
import { viewsOf } from './views-of-program.ts';

/** What `daybook thin` is asked to do. */
interface ThinSettings {
  /** The names of the views; all if there are none. */
  readonly names: readonly string[];
  /** A sequence or a time; the command line may give a number. */
  readonly before?: string | number | undefined;
  /** Whether to remove anything, and not only to print what would be lost. */
  readonly yes?: boolean | undefined;
}

interface ThinTerminal {
  readonly out: NodeJS.WritableStream;
  readonly err: NodeJS.WritableStream;
  readonly signal: AbortSignal;
}

const lineEveryMs = 1_000;

/**
 * Runs `daybook thin` and returns its exit code: 1 if the signal has stopped it. Throws
 * `RebuildError` for an unknown view, and `UsageError`.
 */
export async function runThin(
  config: Config,
  { names, before, yes = false }: ThinSettings,
  { out, err, signal }: ThinTerminal,
): Promise<0 | 1> {
  if (before === undefined) throw new UsageError('--before is missing: give a sequence or a time');
  const views = viewsOf(names).map(({ name }) => name);
  return withDatabase(config, 'thin', async ({ database }) => {
    await assertImported(database);
    const sequence = await sequenceOf(database, String(before));
    const losses = await thinnable(database, { before: sequence, views });
    for (const loss of losses) out.write(`${toLoss(loss)}\n`);
    if (!yes) throw new UsageError('nothing was removed: add --yes to remove this history');
    let shownAt = performance.now();
    const onProgress = (removed: number): void => {
      if (performance.now() - shownAt < lineEveryMs) return;
      shownAt = performance.now();
      err.write(`removed ${removed} versions of documents and entries of lists\n`);
    };
    const options = { before: sequence, views, onProgress, signal };
    const thinned = await thinViews(database, options);
    for (const view of thinned) out.write(`${toResult(view)}\n`);
    if (!signal.aborted) return 0;
    err.write('daybook: stopped before the end: run it again to remove the rest\n');
    return 1;
  });
}

async function sequenceOf(executor: Executor, text: string): Promise<number> {
  const moment = parseMoment(text);
  if (moment === null) {
    const fault = /^\d+$/.test(text) ? `${text} is not a sequence` : dateTimeFault(text);
    throw new UsageError(`--before ${fault}`);
  }
  if (moment.kind === 'time') {
    const sequence = await readSequenceAt(executor, moment.time);
    if (sequence !== null) return sequence;
    throw new UsageError(`--before ${text} is in the future`);
  }
  const head = await readHead(executor);
  if (moment.sequence <= head.sequence) return moment.sequence;
  throw new UsageError(`--before ${text}: the log ends at event ${head.sequence}`);
}

type Loss = Pick<ThinnedView, 'name' | 'historyFrom'> & { readonly historyFromNow: number };

function toLoss({ name, historyFrom, historyFromNow }: Loss): string {
  if (historyFrom === historyFromNow) {
    return `${name}: nothing to lose: its history begins at sequence ${historyFrom}`;
  }
  return (
    `${name}: can no longer be read as of the sequences ${historyFromNow} to ${historyFrom - 1}, ` +
    `until "daybook rebuild ${name}"`
  );
}

function toResult({ name, historyFrom, documents, entries }: ThinnedView): string {
  const removed = `removed ${documents} versions of documents and ${entries} entries of lists`;
  return `${name}: ${removed}; its history begins at sequence ${historyFrom}`;
}
