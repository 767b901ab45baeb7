import { appendFile, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { readFile, root } from '../architecture/sources.ts';

interface RecipeOptions {
  /** The title of the section of docs/clients.md, such as `## urql`. */
  readonly title: string;
  /** The packages that the examples may import, apart from Daybook. */
  readonly packages: readonly string[];
  /** The files in `schema` that the page has copies of. */
  readonly copies?: readonly string[];
  /** Texts in the examples and what they are replaced with. */
  readonly replace?: Readonly<Record<string, string>>;
}

interface ProgramOptions extends RecipeOptions {
  /** The server instead of `http://127.0.0.1:4000`. */
  readonly url: string;
  /** The variables of the examples that are returned. */
  readonly names: readonly string[];
}

/** A project with the examples of a section, as a reader puts them together. */
export interface Recipe extends AsyncDisposable {
  readonly directory: string;
  /** Imports a file of the project. */
  load<Exports>(file: string): Promise<Exports>;
}

/** The file of the examples that name no file. */
const program = 'recipe.js';

/**
 * Writes each example to the file that it names. A section ends at the next title of any level.
 */
export async function createRecipe(options: RecipeOptions): Promise<Recipe> {
  const { title, packages, copies = [], replace = {} } = options;
  const files = examplesOf(title);
  const directory = await mkdtemp(path.join(tmpdir(), 'daybook-recipe-'));
  const modules = path.join(directory, 'node_modules');
  await link(root, path.join(modules, 'daybook'));
  for (const name of packages) {
    await link(path.join(root, 'node_modules', name), path.join(modules, name));
  }
  await writeFile(path.join(directory, 'package.json'), '{ "type": "module" }');
  for (const name of copies) {
    await copyFile(path.join(root, 'schema', name), path.join(directory, name));
  }
  for (const [file, example] of files) {
    let code = example;
    for (const [text, other] of Object.entries(replace)) code = code.replaceAll(text, other);
    await writeFile(path.join(directory, file), code);
  }
  return {
    directory,
    load: (file) => import(pathToFileURL(path.join(directory, file)).href),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Bundles and runs the examples that name no file, and returns variables of theirs. */
export async function runRecipe<Variables>(options: ProgramOptions): Promise<Variables> {
  const { url, names, replace } = options;
  const replaced = { '127.0.0.1:4000': new URL(url).host, ...replace };
  await using recipe = await createRecipe({ ...options, replace: replaced });
  const file = path.join(recipe.directory, program);
  await appendFile(file, `export { ${names.join(', ')} };\n`);
  // Below node_modules, so that it is imported as it is.
  const bundle = `node_modules/${program}`;
  await build({
    entryPoints: [file],
    outfile: path.join(recipe.directory, bundle),
    bundle: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    external: ['ws'],
  });
  return await recipe.load<Variables>(bundle);
}

function examplesOf(title: string): ReadonlyMap<string, string> {
  const [, section] = readFile('docs/clients.md').text.split(`\n${title}\n`);
  if (section === undefined) throw new Error(`docs/clients.md has no section ${title}`);
  const own = section.split(/^##+ /m)[0] ?? '';
  const blocks = own.matchAll(/^```js(?:on (\S+))?\n(?:\/\/ (\S+)\n)?([\s\S]*?)^```$/gm);
  const files = new Map<string, string>();
  for (const [, json, script, code = ''] of blocks) {
    const file = json ?? script ?? program;
    files.set(file, `${files.get(file) ?? ''}${code}\n`);
  }
  return files;
}

async function link(target: string, file: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await symlink(target, file);
}
