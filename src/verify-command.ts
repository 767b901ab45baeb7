import { withEventsHere } from './archive-command.ts';
import type { Config } from './config.ts';
import { withDatabase } from './open-database.ts';
import { createEventProgress } from './rebuild/progress.ts';
import { refoldViews } from './rebuild/rebuild-views.ts';
import { describe, describeRange } from './rebuild/result.ts';
import { type VerifiedView, verifyViews } from './rebuild/verify-views.ts';
import { rebuildPartsOf, viewsOf } from './views-of-program.ts';

/** How `daybook verify --views` reports. */
interface VerifyTerminal {
  readonly out: NodeJS.WritableStream;
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly signal: AbortSignal;
}

/**
 * Compares the stored rows of all views with their checksums and, with `refolds`, with views that
 * are built again from the log. Prints a line for each view, and returns the exit code.
 */
export function runVerifyViews(
  config: Config,
  { refolds }: { readonly refolds: boolean },
  { out, err, signal }: VerifyTerminal,
): Promise<0 | 1> {
  return withDatabase(config, 'verify', async (open) => {
    const parts = rebuildPartsOf(open);
    const views = viewsOf([]);
    const onView = (name: string) => err.write(`reading ${name}\n`);
    const verified = await verifyViews({ ...parts, views, onView });
    for (const view of verified) out.write(`${toLine(view)}\n`);
    if (verified.some(({ fault }) => fault !== null)) return 1;
    if (!refolds) return 0;
    const progress = createEventProgress(err);
    const request = { views, acceptsDifferences: false, signal, onProgress: progress.update };
    const refolded = await withEventsHere(config, { url: open.url, err, signal }, () =>
      refoldViews(parts, request).finally(progress.stop),
    );
    const wrong = refolded.filter(({ difference, failure }) => (difference ?? failure) !== null);
    for (const each of wrong) out.write(`${each.view.name}: ${describe(each)}\n`);
    return wrong.length === 0 ? 0 : 1;
  });
}

function toLine({ name, fault, historyFrom, ...verified }: VerifiedView): string {
  const thinned =
    historyFrom === 0 ? '' : `; thinned before sequence ${historyFrom}, compared from there on`;
  if (fault === null) return `${name}: ${describeVerified(verified)}${thinned}`;
  return `${name}: the rows differ from the checksums ${describeRange(fault)}${thinned}`;
}

function describeVerified({
  rows,
  sequence,
  provedUpTo,
}: Pick<VerifiedView, 'rows' | 'sequence' | 'provedUpTo'>): string {
  if (provedUpTo === sequence) return `verified ${rows} rows up to sequence ${sequence}`;
  const known = `checksums are known up to sequence ${provedUpTo} only`;
  return `verified, but ${known}, of ${sequence}: rebuild the view`;
}
