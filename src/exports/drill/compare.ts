import { createHash } from 'node:crypto';
import { delay } from '../../lib/delay.ts';
import { copyOut, withCopyConnection } from '../../postgres/copy-out.ts';
import type { AnyView } from '../../views/lists/placement.ts';
import { readViews } from '../../views/store.ts';
import { ExportError } from '../errors.ts';

const waitMs = 10_000;
const lookMs = 200;

/**
 * Throws `ExportError`, with the name of the view, if a view of two databases has other documents
 * up to a sequence. Waits up to 10 seconds until both are built up to there.
 */
export async function compareView(
  [live, restored]: readonly [live: string, restored: string],
  view: AnyView,
  upTo: number,
): Promise<void> {
  const [expected, found] = [
    await digestOf(live, view, upTo, 'the live view'),
    await digestOf(restored, view, upTo, 'the restored view'),
  ];
  if (expected === found) return;
  throw new ExportError(
    'DAMAGED',
    `the view ${view.name} differs at event ${upTo}: live ${expected.slice(0, 16)}, restored ` +
      found.slice(0, 16),
  );
}

/** The SHA-256 of every document of a view at each sequence up to one. */
async function digestOf(url: string, view: AnyView, upTo: number, what: string): Promise<string> {
  const id = await untilBuilt(url, view, upTo, what);
  const hash = createHash('sha256');
  const rows = copyOut(
    url,
    `copy (
      select key, sequence, document::text from view_document_history
      where view_id = ${Math.trunc(id)} and sequence <= ${Math.trunc(upTo)}
      order by key, sequence
    ) to stdout`,
  );
  for await (const chunk of rows) hash.update(chunk);
  return hash.digest('hex');
}

async function untilBuilt(
  url: string,
  { name, version }: AnyView,
  upTo: number,
  what: string,
): Promise<number> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const rows = await withCopyConnection(url, readViews);
    const row = rows.find((each) => each.name === name && each.version === version);
    if (row !== undefined && row.checkpoint >= upTo) return row.id;
    if (performance.now() > deadline) {
      throw new ExportError(
        'UNUSABLE',
        `${what} ${name} is built up to event ${row?.checkpoint ?? 0}, not ${upTo}: ` +
          'start a server and wait until it is ready',
      );
    }
    await delay(lookMs);
  }
}
