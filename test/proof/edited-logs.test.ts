import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { verifyLogOf } from '../../src/verify-log-command.ts';
import { changedUnseen, edits, forgeries } from '../support/log-edits.ts';
import { createProofLog, newSigningKey, type ProofLog } from '../support/proof-log.ts';

const key = newSigningKey();
let log: ProofLog;
let directory: string;
beforeAll(async () => {
  log = await createProofLog(key);
  directory = await mkdtemp(path.join(tmpdir(), 'daybook-proof-'));
});
afterAll(async () => {
  await log.dispose();
  await rm(directory, { recursive: true });
});

/** Edits the log as a superuser, and verifies it; returns the exit code and the line. */
async function verifyEdited(
  edit: string,
  heads: readonly string[] = [],
  publicKey = key.publicKey,
): Promise<readonly [number, string]> {
  const file = path.join(directory, 'heads.jsonl');
  await writeFile(file, heads.map((line) => `${line}\n`).join(''));
  const lines: string[] = [];
  const code = await log.edited(edit, async (url) => {
    const config = readConfig({ DATABASE_URL: url, DAYBOOK_DATA_DIR: directory });
    return verifyLogOf(
      config,
      { publicKey, heads: file },
      {
        print: (line) => lines.push(line),
        screen: new PassThrough().resume(),
        signal: new AbortController().signal,
      },
    );
  });
  expect(lines).toHaveLength(1);
  return [code, lines[0] ?? ''];
}

describe('verify, without signed heads,', () => {
  test('finds nothing wrong with a log that was not edited', async () => {
    expect(await verifyEdited('')).toEqual([0, 'verified 12 events']);
  });

  test.each(Object.entries(edits))('finds that %s', async (_title, [edit, sequence, reason]) => {
    const [code, line] = await verifyEdited(edit);
    expect(line).toContain(`sequence ${sequence}: `);
    expect(line).toContain(reason);
    expect(code).toBe(1);
  });

  test('does not find that the chain was built again after an edit', async () => {
    expect(await verifyEdited(changedUnseen)).toEqual([0, 'verified 12 events']);
  });
});

describe('verify, with signed heads,', () => {
  test('finds nothing wrong with a log that was not edited', async () => {
    expect(await verifyEdited('', log.heads)).toEqual([0, 'verified 12 events']);
  });

  test.each(Object.entries(forgeries))(
    'finds that %s',
    async (_title, [edit, sequence, reason]) => {
      const [code, line] = await verifyEdited(edit, log.heads);
      expect(line).toContain(`sequence ${sequence}: `);
      expect(line).toContain(reason);
      expect(code).toBe(1);
    },
  );

  test.each([
    ['a head was edited', () => [log.heads[0]?.replace('"sequence":4', '"sequence":3') ?? '']],
    ['text was added to a head', () => [log.heads[0]?.replace(/"}$/, '","epoch":7}') ?? '']],
    ['a head was cut', () => [log.heads[0]?.slice(0, -5) ?? '']],
    [
      'a head is of another ledger',
      () => log.heads.map((line) => line.replace(/"ledger":"./, '"ledger":"x')),
    ],
  ])('finds that %s', async (_title, heads) => {
    const [code, line] = await verifyEdited('', heads());
    expect(line).toMatch(/^line 1 of .*heads\.jsonl (?:is not a signed head|has a signature that)/);
    expect(code).toBe(1);
  });

  test('finds that a head was signed by another key, if the key is known', async () => {
    const [code, line] = await verifyEdited('', log.heads, newSigningKey().publicKey);
    expect(line).toMatch(/^line 1 of .* is signed by another key/);
    expect(code).toBe(1);
  });
});
