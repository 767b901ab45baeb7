import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { type ExitCode, importPrices } from '../../src/import/import-prices.ts';
import { readImportSettings } from '../../src/import/settings.ts';

export interface Run {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** Runs the command as a shell would, but in this process and with short pauses. */
export async function runImport(
  url: string,
  args: readonly string[],
  signal: AbortSignal = new AbortController().signal,
): Promise<Run> {
  const out = createSink();
  const err = createSink();
  const settings = readImportSettings(['import-prices', ...args], { url });
  const terminal = { out: out.stream, err: err.stream, signal };
  const code = await importPrices(settings, terminal, { attemptsMax: 4, pauseMs: 5 });
  return { code, out: out.text(), err: err.text() };
}

function createSink(): { readonly stream: Writable; text(): string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}

export interface Folder extends AsyncDisposable {
  write(name: string, content: string | Uint8Array): Promise<string>;
}

/** A directory for a test's files. */
export async function createFolder(): Promise<Folder> {
  const folder = await mkdtemp(path.join(tmpdir(), 'import-'));
  return {
    async write(name, content) {
      const file = path.join(folder, name);
      await writeFile(file, content);
      return file;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
