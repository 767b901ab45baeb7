import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { FileError } from './errors.ts';
import { type Encoding, findEncoding, headBytesMax } from './file-kind.ts';

/** A text file that can be read more than once. */
export interface Source extends AsyncDisposable {
  /** Whether the name on the command line is a file's name, not a pipe's. */
  readonly isNamed: boolean;
  readonly bytes: number;
  /** Judged by the first bytes; later bytes may still be invalid in UTF-8. */
  readonly encoding: Encoding;
  /**
   * Yields the text in pieces; `onBytes` gets the number of bytes read so far. Throws
   * `NotEncodedError` if bytes are invalid in the encoding, `FileError` if the file cannot be read.
   */
  read(encoding: Encoding, onBytes: (count: number) => void): AsyncGenerator<string>;
}

/** The bytes of a file are not valid in the encoding with which it was read. */
export class NotEncodedError extends Error {
  constructor(readonly encoding: Encoding) {
    super(`is not valid ${encoding.toUpperCase()}`);
  }
}

/** Opens a file; a pipe is copied to a temporary file first. Throws `FileError`. */
export async function openSource(file: string): Promise<Source> {
  return namingReasons(async () => {
    const stats = await stat(file);
    if (stats.isDirectory()) throw new FileError('is a directory: name the files in it');
    if (stats.isFile()) return toSource(file, true, async () => {});
    const folder = await mkdtemp(path.join(tmpdir(), 'daybook-import-'));
    const remove = () => rm(folder, { recursive: true, force: true });
    try {
      const copy = path.join(folder, 'copy');
      await pipeline(createReadStream(file), createWriteStream(copy, { mode: 0o600 }));
      return await toSource(copy, false, remove);
    } catch (error) {
      await remove();
      throw error;
    }
  });
}

async function toSource(
  file: string,
  isNamed: boolean,
  dispose: () => Promise<void>,
): Promise<Source> {
  const handle = await open(file);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(headBytesMax), 0, headBytesMax, 0);
    const encoding = findEncoding(buffer.subarray(0, bytesRead));
    const { size: bytes } = await handle.stat();
    const read: Source['read'] = (chosen, onBytes) => readText(file, chosen, onBytes);
    return { isNamed, bytes, encoding, read, [Symbol.asyncDispose]: dispose };
  } finally {
    await handle.close();
  }
}

async function* readText(
  file: string,
  encoding: Encoding,
  onBytes: (count: number) => void,
): AsyncGenerator<string> {
  // `readLines` removes the byte order mark.
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  const decode = (chunk?: Buffer): string => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch (error) {
      throw error instanceof TypeError ? new NotEncodedError(encoding) : error;
    }
  };
  const stream = createReadStream(file);
  try {
    for await (const chunk of stream) {
      yield decode(chunk as Buffer);
      onBytes(stream.bytesRead);
    }
  } catch (error) {
    throw toFileError(error);
  }
  yield decode();
}

async function namingReasons<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toFileError(error);
  }
}

/** Turns an error of the operating system into a `FileError`; returns any other error as it is. */
function toFileError(error: unknown): unknown {
  const { code, syscall } = error as { readonly code?: string; readonly syscall?: string };
  return code === undefined || syscall === undefined ? error : new FileError(toReason(code));
}

function toReason(code: string): string {
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'cannot be read: permission denied';
  return `cannot be read: ${code}`;
}
