import { spawnSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readArchivedLines } from '../../src/archive/archived-lines.ts';
import { readConfig } from '../../src/config.ts';
import { readManifest } from '../../src/exports/manifest.ts';
import { withCopyConnection } from '../../src/postgres/copy-out.ts';
import type { ChainPosition } from '../../src/proof/chain.ts';
import { verifyLog } from '../../src/proof/verify-log.ts';
import { verifyLogOf } from '../../src/verify-log-command.ts';
import { archiveSmall, restoreAll } from '../support/archive/archiving.ts';
import { editLines } from '../support/exports/damage.ts';
import { createFolder } from '../support/exports/exporting.ts';
import { runStatement } from '../support/postgres.ts';
import {
  createProofLog,
  newSigningKey,
  type ProofLog,
  rebuildChain,
} from '../support/proof-log.ts';
import { titleWith } from '../support/skipped.ts';

const key = newSigningKey();
const undo: (() => unknown)[] = [];
let log: ProofLog;
let directory: string;
beforeAll(async () => {
  log = await createProofLog(key);
  undo.push(log.dispose);
  directory = await createFolder(undo);
});
afterAll(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

/** Makes the helper of the log copy its database, which the archive changes for good. */
const copied = '/* alter table */ select;';

/** Archives the events up to 8 of a copy of the log, and runs the work on what is left. */
function onArchived<T>(
  work: (url: string, archive: string) => Promise<T>,
  forgery = '',
): Promise<T> {
  return log.edited(`${copied} ${forgery}`, async (url) => {
    const archive = await createFolder(undo);
    // The streams of this log have no deciders.
    const { moved } = await archiveSmall(url, archive, 8, { deciders: [] });
    expect(moved).toEqual({ first: 1, last: 8 });
    return work(url, archive);
  });
}

const edit = (url: string, statements: string) =>
  runStatement(url, `set session_replication_role = replica; ${statements}`);

interface Given {
  readonly archive?: string;
  readonly heads?: readonly string[];
}

async function headsFile(heads: readonly string[]): Promise<string> {
  const file = path.join(directory, 'heads.jsonl');
  await writeFile(file, heads.map((line) => `${line}\n`).join(''));
  return file;
}

/** The exit code and the line of `daybook verify`. */
async function verify(url: string, { archive, heads = log.heads }: Given = {}) {
  const lines: string[] = [];
  const code = await verifyLogOf(
    readConfig({ DATABASE_URL: url, DAYBOOK_DATA_DIR: directory }),
    { publicKey: key.publicKey, heads: await headsFile(heads), ...(archive && { archive }) },
    {
      print: (line) => lines.push(line),
      screen: new PassThrough().resume(),
      signal: new AbortController().signal,
    },
  );
  expect(lines).toHaveLength(1);
  return [code, lines[0] ?? ''] as const;
}

const unread =
  'verified 4 events; events 1 to 8 are archived and were not read: give --archive DIR';

const event9 = 'the event is not the one that was recorded';
const summary = 'the summary of the archived events is not the one that was written';
const range = (change: string) => `update archived_ranges set ${change};`;

describe('verify of an archived log, without its files,', () => {
  test('checks what is here, and says what was not read', async () => {
    await onArchived(async (url) => {
      expect(await verify(url)).toEqual([0, unread]);
      expect(await verify(url, { heads: [] })).toEqual([0, unread]);
    });
  });

  test.each([
    [
      'the first event here was changed',
      `update events set actor = 'eve' where sequence = 9`,
      9,
      event9,
    ],
    ['the first event here was removed', 'delete from events where sequence = 9', 9, 'missing'],
    ['the last hash of the summary was changed', range(`hash = sha256('x')`), 9, event9],
    ['the first hash of the summary was changed', range(`hash_before = sha256('x')`), 1, summary],
    ['the count of the summary was changed', range('event_count = 7'), 1, summary],
    [
      'the time of the summary was changed',
      range(`last_at = last_at + interval '1 microsecond'`),
      8,
      summary,
    ],
    [
      'the end of the summary was moved',
      `${range('last_sequence = 9, event_count = 9')} update log_head set archived_through = 9`,
      9,
      'is archived, and yet',
    ],
    ['the summary was removed', 'delete from archived_ranges', 1, summary],
    [
      'log_head says that nothing is archived',
      'update log_head set archived_through = 0',
      1,
      summary,
    ],
    [
      'all that is said of the archive was removed',
      'delete from archived_ranges; update log_head set archived_through = 0',
      1,
      'events 1 to 8 are missing',
    ],
    [
      'an archived event was inserted again',
      `create table stray partition of events for values from (1) to (9);
       insert into events select 5, stream_id, version, gen_random_uuid(), type, schema_version,
         recorded_at, occurred_at, actor, command_id, correlation_id, causation_id, data, hash
       from events where sequence = 9`,
      5,
      'is archived, and yet',
    ],
    [
      'the archived version of a stream was changed',
      `update archived_streams set version = 3 where stream_id = 'note-c'`,
      11,
      'next version of its stream',
    ],
    [
      'the archived version of a stream was removed',
      `delete from archived_streams where stream_id = 'note-c'`,
      11,
      'next version of its stream',
    ],
  ])('finds that %s', async (_title, statements, sequence, reason) => {
    await onArchived(async (url) => {
      await edit(url, statements);
      const [code, line] = await verify(url, { heads: [] });
      expect(line).toContain(`sequence ${sequence}: `);
      expect(line).toContain(reason);
      expect(code).toBe(1);
    });
  });

  test('finds by signed heads that the log was forged before', async () => {
    const forgery = `update events set actor = 'eve' where sequence = 6; ${rebuildChain}`;
    await onArchived(async (url) => {
      expect(await verify(url, { heads: [] })).toEqual([0, unread]);
      const [code, line] = await verify(url);
      expect(line).toContain('sequence 8: the archived batches differ from the head');
      expect(code).toBe(1);
      // Also if only a later head is known, or one of the archive's end.
      for (const head of log.heads.slice(1)) {
        expect((await verify(url, { heads: [head] }))[1]).toContain('differ');
      }
    }, forgery);
  });
});

describe('verify of an archived log, with its files,', () => {
  test('checks everything', async () => {
    await onArchived(async (url, archive) => {
      const all = `verified 12 events; events 1 to 8 of them are archived in ${archive}`;
      expect(await verify(url, { archive })).toEqual([0, all]);
    });
  });

  test('continues after an archived event', async () => {
    await onArchived((url, archive) =>
      withCopyConnection(url, async (executor) => {
        const { signal } = new AbortController();
        const check = async (from: ChainPosition | null) => {
          const positions: ChainPosition[] = [];
          const found = await verifyLog({
            url,
            from,
            heads: [],
            isPart: false,
            signal,
            archived: (ranges, after) =>
              readArchivedLines({ executor, directory: archive, signal }, ranges, after),
            onPosition: (position) => positions.push(position),
          });
          expect(found.fault).toBeNull();
          return positions;
        };
        const all = await check(null);
        expect(all).toHaveLength(6);
        for (const [index, position] of all.entries()) {
          expect(await check(position)).toEqual(all.slice(index + 1));
        }
      }),
    );
  });

  test.each([
    [
      'an outcome of an archived command was changed',
      `update command_outcomes set fingerprint = 'x' where idempotency_key = 'k1'`,
      1,
    ],
    [
      'the records of an archived command were changed',
      `update command_batches set records = replace(records, 'ann', 'eve')
       where first_sequence = 4 and event_count = 1`,
      4,
    ],
    [
      'the version of an archived stream was changed',
      `update archived_streams set version = 9 where stream_id = 'note-b'`,
      2,
    ],
    [
      'the last event of an archived stream was changed',
      `update archived_streams set last_event_id = gen_random_uuid() where stream_id = 'note-b'`,
      2,
    ],
    [
      'the summary of a stream was removed',
      `delete from archived_streams where stream_id = 'note-b'`,
      2,
    ],
    [
      'the summary of a stream was added',
      `insert into archived_streams values ('note-x', 2, 2, 1, gen_random_uuid())`,
      8,
    ],
  ])('finds that %s', async (_title, statements, sequence) => {
    await onArchived(async (url, archive) => {
      await edit(url, statements);
      const [code, line] = await verify(url, { archive });
      expect(line).toContain(`sequence ${sequence}: `);
      expect(code).toBe(1);
    });
  });

  test('names a file that was edited or is missing', async () => {
    await onArchived(async (url, archive) => {
      const name = (await readManifest(archive))?.files[0]?.name ?? '';
      await editLines(archive, name, (lines) => lines.filter((_line, index) => index !== 2));
      const edited = await verify(url, { archive });
      expect(edited).toEqual([1, expect.stringContaining(name)]);
      await rm(path.join(archive, name));
      expect(await verify(url, { archive })).toEqual([1, expect.stringContaining(name)]);
      expect(await verify(url, { archive: directory })).toEqual([
        1,
        `${directory} has no manifest.json: name another one`,
      ]);
    });
  });
});

describe('files that are whole, but not those of the log,', () => {
  const refuse = async (url: string, archive: string, reason: string) => {
    expect(await verify(url, { archive })).toEqual([1, expect.stringContaining(reason)]);
    await expect(restoreAll(url, archive)).rejects.toMatchObject({
      code: 'DAMAGED',
      message: expect.stringContaining(reason),
    });
    expect(await verify(url)).toEqual([0, unread]);
  };

  test('are refused if their chain was built again', async () => {
    const forgery = `update events set actor = 'eve' where sequence = 6; ${rebuildChain}`;
    const forged = await onArchived(async (_url, archive) => archive, forgery);
    await onArchived((url) => refuse(url, forged, 'event 8 of'));
  });

  test('are refused if an event and the sum were changed', async () => {
    await onArchived(async (url, archive) => {
      const name = (await readManifest(archive))?.files[0]?.name ?? '';
      await editLines(archive, name, (lines) =>
        lines.map((line) => line.replace('"tester"', '"teste2"')),
      );
      await refuse(url, archive, 'event 1 was changed');
    });
  });
});

const isThere = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
const missing = ['python3', 'psql'].filter((program) => !isThere(program));
const reason = missing.length === 0 ? null : `${missing.join(' and ')} is not installed`;

test.skipIf(reason !== null)(
  titleWith('the verifier in Python agrees', reason),
  async () => {
    await onArchived(async (url) => {
      const file = await headsFile(log.heads);
      const script = () => {
        const args = [path.resolve('scripts/verify-log.py'), url, '--heads', file];
        const { stdout, stderr } = spawnSync('python3', args);
        expect(String(stderr)).toBe('');
        return String(stdout);
      };
      expect(script()).toBe('verified 4 events; events 1 to 8 are archived and were not read\n');
      await edit(url, `update archived_streams set version = 3 where stream_id = 'note-c'`);
      expect(script()).toContain('sequence 11: ');
      await edit(url, range(`hash = sha256('x')`));
      expect(script()).toContain('sequence 8: ');
      await edit(url, 'delete from archived_ranges');
      expect(script()).toContain('sequence 1: ');
    });
  },
  60_000,
);
