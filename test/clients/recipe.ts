import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { readFile, root } from '../architecture/sources.ts';

interface RecipeOptions {
  /** The title of the section of docs/clients.md, such as `## urql`. */
  readonly title: string;
  /** The server instead of `http://127.0.0.1:4000`. */
  readonly url: string;
  /** The variables of the examples that are returned. */
  readonly names: readonly string[];
  /** Texts in the examples and what they are replaced with. */
  readonly replace?: Readonly<Record<string, string>>;
}

/**
 * Puts the examples of a section together, as a reader does, runs them, and returns variables of
 * theirs. A section ends at the next title of any level.
 */
export async function runRecipe<Variables>(options: RecipeOptions): Promise<Variables> {
  const { title, url, names, replace = {} } = options;
  let contents = `${examplesOf(title)}\nexport { ${names.join(', ')} };\n`;
  const address = new URL(url).host;
  const replaced = { '127.0.0.1:4000': address, ...replace };
  for (const [text, other] of Object.entries(replaced)) contents = contents.replaceAll(text, other);
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    external: ['ws'],
    write: false,
  });
  // Below node_modules, so that the file is imported as it is and finds packages.
  const folder = path.join(root, 'node_modules/.cache/daybook/recipes');
  const file = path.join(folder, `${crypto.randomUUID()}.mjs`);
  await mkdir(folder, { recursive: true });
  await writeFile(file, outputFiles[0]?.text ?? '');
  try {
    return (await import(pathToFileURL(file).href)) as Variables;
  } finally {
    await rm(file);
  }
}

function examplesOf(title: string): string {
  const [, section] = readFile('docs/clients.md').text.split(`\n${title}\n`);
  if (section === undefined) throw new Error(`docs/clients.md has no section ${title}`);
  const own = section.split(/^##+ /m)[0] ?? '';
  const blocks = [...own.matchAll(/^```js\n([\s\S]*?)^```$/gm)];
  return blocks.map(([, block]) => block).join('\n');
}
