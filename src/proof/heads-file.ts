import { appendFile, mkdir, open, readFile, truncate } from 'node:fs/promises';
import path from 'node:path';
import { isLater } from './chain.ts';
import { readSignedHead, type SignedHead } from './signed-head.ts';

/** A heads file cannot be used, or is not of this log; the message says why. */
export class HeadsFileError extends Error {
  readonly code = 'BAD_HEADS_FILE';
}

/**
 * Reads the heads of a log in the order of their batches. `trusted`: the public keys that may have
 * signed them; any key if empty. Throws `HeadsFileError`.
 */
export async function readHeadsFile(
  file: string,
  { ledger, trusted }: { readonly ledger: string; readonly trusted: readonly string[] },
): Promise<readonly SignedHead[]> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new HeadsFileError(`${file} cannot be read: ${cause.message}`);
  });
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const heads = lines.map((line, index) => {
    const head = readSignedHead(line, trusted);
    const fault = typeof head === 'string' ? head : foreign(head, ledger);
    if (typeof head !== 'string' && fault === null) return head;
    throw new HeadsFileError(`line ${index + 1} of ${file} ${fault}`);
  });
  return heads.sort(byTime);
}

function byTime(one: SignedHead, other: SignedHead): number {
  if (one.batchAt === other.batchAt) return 0;
  return isLater(one.batchAt, other.batchAt) ? 1 : -1;
}

function foreign(head: SignedHead, ledger: string): string | null {
  return head.ledger === ledger ? null : `is of the ledger ${head.ledger}, not ${ledger}`;
}

/** Appends a line, which is on the disk when the promise resolves. */
export async function appendHead(file: string, line: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await appendFile(file, `${line}\n`, { mode: 0o644, flush: true });
}

/** The last heads of a file are looked for in this number of bytes. */
const tailBytes = 1 << 18;

/**
 * The last head of a log in a file, by any key; null if there is none. Cuts off a line that was not
 * written to its end. Throws `HeadsFileError` if it is the head of another log.
 */
export async function readLastHead(file: string, ledger: string): Promise<SignedHead | null> {
  const tail = await readTail(file);
  if (tail === null) return null;
  const lines = tail.text.split('\n');
  const torn = lines.pop() ?? '';
  if (torn !== '') await truncate(file, tail.size - Buffer.byteLength(torn));
  for (const line of lines.reverse()) {
    const head = readSignedHead(line, []);
    if (typeof head === 'string') continue;
    if (head.ledger === ledger) return head;
    throw new HeadsFileError(`${file} has heads of another log, ${head.ledger}: use another file`);
  }
  return null;
}

async function readTail(file: string): Promise<{ text: string; size: number } | null> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) return null;
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - tailBytes);
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(size - start),
      0,
      size - start,
      start,
    );
    return { text: buffer.toString('utf8', 0, bytesRead), size };
  } finally {
    await handle.close();
  }
}
