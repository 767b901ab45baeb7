import { PassThrough } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { verifyLogOf } from '../../src/verify-log-command.ts';
import { mountSmallDisk, smallDiskFault } from '../support/exports/small-disk.ts';
import { createProofLog, newSigningKey } from '../support/proof-log.ts';
import { titleWith } from '../support/skipped.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

const fault = smallDiskFault();

test.skipIf(fault !== null)(
  titleWith('a check that stops on a full disk says that its place cannot be saved', fault),
  async () => {
    const log = await createProofLog(newSigningKey());
    undo.push(log.dispose);
    const disk = mountSmallDisk(1);
    undo.push(disk.dispose);
    disk.fill(0);
    const verify = (signal: AbortSignal): Promise<string> =>
      log.edited('', async (url) => {
        const lines: string[] = [];
        const config = readConfig({ DATABASE_URL: url, DAYBOOK_DATA_DIR: disk.directory });
        const print = (line: string) => lines.push(line);
        await verifyLogOf(config, {}, { print, screen: new PassThrough().resume(), signal });
        return lines.join('\n');
      });
    expect(await verify(AbortSignal.abort())).toMatch(
      /^stopped after event 0, which cannot be saved: .*ENOSPC.*: run the command again to continue/,
    );
    // Without a stop, a check needs no space.
    expect(await verify(new AbortController().signal)).toBe('verified 12 events');
    disk.clear();
    expect(await verify(AbortSignal.abort())).toBe(
      'stopped after event 0: run the command again to continue',
    );
  },
  60_000,
);
