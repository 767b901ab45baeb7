import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ExportError, toFileError } from './errors.ts';
import type { WrittenFile } from './write-durably.ts';

/** A file of an export, as its manifest describes it. */
interface DescribedFile extends WrittenFile {
  readonly name: string;
}

/** Throws `ExportError` if a file is missing or has another size than the manifest says. */
export async function assertSizes(
  directory: string,
  files: readonly DescribedFile[],
): Promise<void> {
  for (const { name, bytes } of files) {
    const found = await stat(path.join(directory, name)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw toFileError(error, name);
      throw new ExportError('DAMAGED', `${name} is missing in ${directory}`);
    });
    if (found.size === bytes) continue;
    throw damaged(name, `it has ${found.size} bytes instead of ${bytes}`);
  }
}

/** Throws `ExportError` if a file is not the one that the manifest describes. */
export async function assertContent(
  directory: string,
  { name, sha256 }: DescribedFile,
): Promise<void> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path.join(directory, name)), hash);
  } catch (error) {
    throw toFileError(error, path.join(directory, name));
  }
  if (hash.digest('hex') === sha256) return;
  throw damaged(name, 'its SHA-256 is not the one in manifest.json');
}

const newline = 10;

/** Yields the lines of a compressed file in groups. Throws `ExportError` if it is cut. */
export async function* readFileLines(
  directory: string,
  name: string,
): AsyncGenerator<readonly string[], void, undefined> {
  const file = createReadStream(path.join(directory, name));
  const text = createGunzip();
  // A fault of the file ends the reading of the text.
  file.once('error', (error) => text.destroy(error));
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of file.pipe(text) as AsyncIterable<Buffer>) {
      const end = chunk.lastIndexOf(newline);
      if (end < 0) {
        rest = Buffer.concat([rest, chunk]);
        continue;
      }
      const lines = Buffer.concat([rest, chunk.subarray(0, end)])
        .toString('utf8')
        .split('\n');
      rest = Buffer.from(chunk.subarray(end + 1));
      yield lines;
    }
  } catch (error) {
    if (error instanceof ExportError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code?.startsWith('Z_')) throw damaged(name, message);
    throw toFileError(error, path.join(directory, name));
  } finally {
    file.destroy();
    text.destroy();
  }
  if (rest.length > 0) throw damaged(name, 'its last line is cut');
}

function damaged(name: string, how: string): ExportError {
  return new ExportError('DAMAGED', `${name} is damaged: ${how}`);
}
