import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newUuid } from '../../src/lib/uuid.ts';
import { signHead } from '../../src/proof/signed-head.ts';
import { changedUnseen, edits, forgeries } from '../support/log-edits.ts';
import { createProofLog, newSigningKey, type ProofLog } from '../support/proof-log.ts';
import { titleWith } from '../support/skipped.ts';

const isThere = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
const missing = ['python3', 'psql'].filter((program) => !isThere(program));
const reason = missing.length === 0 ? null : `${missing.join(' and ')} is not installed`;

const signedAt = '2026-11-28T12:00:00.000000Z';

/** The head with its signature in a form that RFC 8032 forbids: S plus the order of the group. */
function withLargeS(head: string): string {
  const [, text = ''] = /"signature":"([^"]+)"/.exec(head) ?? [];
  const signature = Buffer.from(text, 'base64');
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + order;
  Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse().copy(signature, 32);
  return head.replace(text, signature.toString('base64'));
}

describe.skipIf(reason !== null)(titleWith('the verifier in Python', reason), () => {
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

  /** What the script says about an edited log. */
  async function verifyEdited(
    edit: string,
    heads: readonly string[] = [],
    publicKey = key.publicKey,
  ): Promise<string> {
    const file = path.join(directory, 'heads.jsonl');
    await writeFile(file, heads.map((line) => `${line}\n`).join(''));
    return log.edited(edit, async (url) => {
      const args = [url, '--heads', file, '--public-key', publicKey];
      const script = path.resolve('scripts/verify-log.py');
      const { stdout, stderr, status } = spawnSync('python3', [script, ...args]);
      expect(String(stderr)).toBe('');
      expect(status).toBe(String(stdout).startsWith('verified') ? 0 : 1);
      return String(stdout).trim();
    });
  }

  test('finds nothing wrong with a log that was not edited', async () => {
    expect(await verifyEdited('', log.heads)).toBe('verified 12 events');
  });

  test.each(Object.entries(edits))('finds, as verify does, that %s', async (_title, given) => {
    const [edit, sequence] = given;
    expect(await verifyEdited(edit)).toContain(`sequence ${sequence}: `);
  });

  test.each(Object.entries(forgeries))('finds by signed heads that %s', async (_title, given) => {
    const [edit, sequence] = given;
    expect(await verifyEdited(edit, log.heads)).toContain(`sequence ${sequence}: `);
  });

  test('does not find without signed heads that the chain was built again', async () => {
    expect(await verifyEdited(changedUnseen)).toBe('verified 12 events');
  });

  test('checks the signatures of heads', async () => {
    const [first = ''] = log.heads;
    const edited = first.replace('"sequence":4', '"sequence":3');
    expect(await verifyEdited('', [edited])).toContain('a signature that is not that of its text');
    expect(await verifyEdited('', [first.slice(0, -5)])).toContain('is not a signed head');
    const { publicKey } = newSigningKey();
    expect(await verifyEdited('', [first], publicKey)).toContain('is signed by another key');
    expect(await verifyEdited('', [withLargeS(first)])).toContain('a signature that is not that');
    const other = signHead({ ...JSON.parse(first), ledger: newUuid() }, key, signedAt);
    expect(await verifyEdited('', [other])).toContain('is of another ledger');
  });
});
