import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { toFileError } from './errors.ts';

/** The beginning of the names of files that are not complete. */
export const draftPrefix = '.draft-';

/** Writes a file that is complete and on the disk once it has its name. Throws `ExportError`. */
export async function writeDurably(directory: string, name: string, text: string): Promise<void> {
  await asDraft(directory, name, async (draft) => {
    const file = await open(draft, 'w');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  });
}

/** The size of a file, and the SHA-256 of its bytes in hexadecimal. */
export interface WrittenFile {
  readonly bytes: number;
  readonly sha256: string;
}

/** Compresses texts into a file that is complete and on the disk once it has its name. */
export async function writeCompressed(
  directory: string,
  name: string,
  texts: AsyncIterable<string>,
  signal?: AbortSignal,
): Promise<WrittenFile> {
  return asDraft(directory, name, async (draft) => {
    const hash = createHash('sha256');
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    const file = createWriteStream(draft, { flush: true });
    await pipeline(texts, createGzip(), meter, file, signal === undefined ? {} : { signal });
    const { size: bytes } = await stat(draft);
    return { bytes, sha256: hash.digest('hex') };
  });
}

/** Writes under another name, then gives the file its name. Removes what failed. */
export async function asDraft<T>(
  directory: string,
  name: string,
  write: (draft: string) => Promise<T>,
): Promise<T> {
  const draft = path.join(directory, `${draftPrefix}${name}`);
  try {
    const result = await write(draft);
    await rename(draft, path.join(directory, name));
    await syncFolder(directory);
    return result;
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    throw toFileError(error, path.join(directory, name));
  }
}

/** A name is on the disk once its folder is. */
async function syncFolder(directory: string): Promise<void> {
  const folder = await open(directory, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
