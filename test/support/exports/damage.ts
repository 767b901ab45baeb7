import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Manifest } from '../../../src/exports/manifest.ts';

/** Changes the manifest of an export by hand. */
export async function editManifest(
  directory: string,
  edit: (manifest: Manifest) => unknown,
): Promise<void> {
  const file = path.join(directory, 'manifest.json');
  const edited = edit(JSON.parse(await readFile(file, 'utf8')) as Manifest);
  await writeFile(file, typeof edited === 'string' ? edited : JSON.stringify(edited));
}

/** Replaces the bytes of a file, and what the manifest says of them. */
export async function replaceBytes(directory: string, name: string, bytes: Buffer): Promise<void> {
  await writeFile(path.join(directory, name), bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await editManifest(directory, (manifest) => ({
    ...manifest,
    files: manifest.files.map((file) =>
      file.name === name ? { ...file, bytes: bytes.length, sha256 } : file,
    ),
  }));
}

/** Changes the lines of a file, and what the manifest says of its bytes. */
export async function editLines(
  directory: string,
  name: string,
  edit: (lines: readonly string[]) => readonly string[],
): Promise<void> {
  const lines = gunzipSync(await readFile(path.join(directory, name)))
    .toString()
    .split('\n');
  await replaceBytes(directory, name, gzipSync(edit(lines).join('\n')));
}
