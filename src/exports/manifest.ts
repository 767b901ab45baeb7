import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { ExportError, toFileError } from './errors.ts';
import { writeDurably } from './write-durably.ts';

/** The name of the file that lists the others of an export. */
const manifestName = 'manifest.json';
/** The form of the manifest and of the files; another form gets another name. */
export const exportFormat = 'daybook-export-1';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const fileName = z.string().regex(/^[a-z0-9][a-z0-9.-]*\.jsonl\.gz$/);
const count = z.int().min(0);
const time = z.string().regex(/^[-0-9 :.+]+$/);
const place = z.object({
  sequence: count,
  hash,
  recordedAt: time.nullable(),
  commandsHash: hash,
});
const file = z.object({
  name: fileName,
  bytes: count,
  sha256: hash,
  events: count,
  outcomes: count,
  batches: count,
  start: place,
  end: place,
});
const manifest = z.object({
  format: z.literal(exportFormat),
  /** The version of the program that wrote the export last. */
  program: z.string(),
  ledger: z.uuid(),
  epoch: count,
  createdAt: z.string(),
  updatedAt: z.string(),
  chainedAfter: count,
  chainedAt: time,
  start: place,
  end: place,
  events: count,
  files: z.array(file),
  /**
   * The clock of the log as of `sequence`, and the file with what is carried with it; null until an
   * export has been completed.
   */
  state: z
    .object({
      sequence: count,
      clock: z.string().regex(/^(?:-infinity|[-0-9 :.+]+)$/),
      name: fileName,
      bytes: count,
      sha256: hash,
    })
    .nullable(),
});

/** What an export has: the log from one place to another, in files that follow each other. */
export type Manifest = z.infer<typeof manifest>;
/** A file with rows of the log. */
export type ExportedFile = z.infer<typeof file>;

/** Reads the manifest of a folder; null if there is none. Throws `ExportError`. */
export async function readManifest(directory: string): Promise<Manifest | null> {
  const name = path.join(directory, manifestName);
  const text = await readFile(name, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw toFileError(error, name);
  });
  return text === null ? null : parseManifest(text, name);
}

/** Replaces the manifest: it is always complete. */
export async function writeManifest(directory: string, content: Manifest): Promise<void> {
  const text = `${JSON.stringify(content, null, 2)}\n`;
  await writeDurably(directory, manifestName, text);
}

function parseManifest(text: string, name: string): Manifest {
  const json = toJson(text);
  const format = (json as { readonly format?: unknown } | null)?.format;
  if (typeof format !== 'string') {
    throw new ExportError(
      'NOT_AN_EXPORT',
      `${name} is damaged: it is not the manifest of an export`,
    );
  }
  if (format !== exportFormat) {
    throw new ExportError(
      'NOT_AN_EXPORT',
      `${name} has the format ${format.slice(0, 50)}, but this version reads ${exportFormat}: ` +
        'use the version that wrote it',
    );
  }
  const parsed = manifest.safeParse(json);
  if (parsed.success) return assertJoined(parsed.data, name);
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw new ExportError('DAMAGED', `${name} is damaged: ${where}: ${issue?.message}`);
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Throws `ExportError` unless every file begins where the previous one ends. */
function assertJoined(found: Manifest, name: string): Manifest {
  let { start } = found;
  for (const each of [...found.files, { name: 'the end', start: found.end, end: found.end }]) {
    if (!areSamePlace(each.start, start)) {
      throw new ExportError(
        'DAMAGED',
        `${name} is damaged: ${each.name} does not follow event ${start.sequence}`,
      );
    }
    start = each.end;
  }
  if (found.state !== null && found.state.sequence > found.end.sequence) {
    throw new ExportError(
      'DAMAGED',
      `${name} is damaged: files with the events after ${found.end.sequence} are missing`,
    );
  }
  return found;
}

/** Whether two places of the log are the same. */
export function areSamePlace(one: Manifest['start'], other: Manifest['start']): boolean {
  return (
    one.sequence === other.sequence &&
    one.hash === other.hash &&
    one.commandsHash === other.commandsHash
  );
}
