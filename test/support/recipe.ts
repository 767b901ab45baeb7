import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { readFile, root } from '../architecture/sources.ts';

/** A project with the files that a section of `docs/clients.md` contains. */
export interface Recipe extends AsyncDisposable {
  readonly directory: string;
  /** Imports a file of the project. */
  load(file: string): Promise<unknown>;
}

const blocks = /^```js(?:\n\/\/|on) (\S+)\n([\s\S]*?)^```$/gm;

/** Writes each block whose first line names a file to this file. */
export async function createRecipe(title: string, packages: readonly string[]): Promise<Recipe> {
  const { text } = readFile('docs/clients.md');
  const [, section = ''] = text.split(`\n## ${title}\n`);
  const directory = await mkdtemp(path.join(tmpdir(), 'daybook-recipe-'));
  const modules = path.join(directory, 'node_modules');
  await mkdir(modules);
  await symlink(root, path.join(modules, 'daybook'));
  for (const name of packages) {
    await symlink(path.join(root, 'node_modules', name), path.join(modules, name));
  }
  await writeFile(path.join(directory, 'package.json'), '{ "type": "module" }');
  for (const [, file = '', code = ''] of (section.split('\n## ')[0] ?? '').matchAll(blocks)) {
    await writeFile(path.join(directory, file), code);
  }
  return {
    directory,
    load: (file) => import(pathToFileURL(path.join(directory, file)).href),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
