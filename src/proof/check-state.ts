import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type ChainPosition, isLater } from './chain.ts';
import type { SignedHead } from './signed-head.ts';

/** How far an interrupted check had come. */
export interface CheckState {
  readonly ledger: string;
  readonly position: ChainPosition;
  /** The hash of the signed heads that had been compared. */
  readonly heads: string;
  /** When the check began. */
  readonly begunAt: string;
}

/** The state in a file; null if there is none that can be used. */
export async function readCheckState(file: string): Promise<CheckState | null> {
  try {
    const state: CheckState = JSON.parse(await readFile(file, 'utf8'));
    return isState(state) ? state : null;
  } catch {
    return null;
  }
}

/** Replaces the state as a whole: a crash leaves the former one. */
export async function writeCheckState(file: string, state: CheckState): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify(state), { flush: true });
  await rename(`${file}.new`, file);
}

export async function removeCheckState(file: string): Promise<void> {
  await rm(file, { force: true });
}

/** The hash of the heads up to a position. */
export function hashOfHeads(heads: readonly SignedHead[], { batchAt }: ChainPosition): string {
  const hash = createHash('sha256');
  for (const head of heads) {
    if (!isLater(head.batchAt, batchAt)) hash.update(JSON.stringify(head));
  }
  return hash.digest('hex');
}

const time = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?\+00$/;
const hexadecimal = /^[0-9a-f]{64}$/;

/** The texts become parts of statements. */
function isState({ position, ledger, heads, begunAt }: CheckState): boolean {
  const { sequence, hash, recordedAt, batchAt, commandsHash, nextSequence } = position;
  return (
    [ledger, heads, begunAt].every((text) => typeof text === 'string') &&
    [sequence, nextSequence].every(Number.isSafeInteger) &&
    [hash, commandsHash].every((text) => hexadecimal.test(text)) &&
    time.test(batchAt) &&
    (recordedAt === '' || time.test(recordedAt))
  );
}
