import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { lexicographicSortSchema, parse, printSchema, validate } from 'graphql';
import { toAsyncApi } from './src/api/async-api.ts';
import { toEventSchema } from './src/api/event-schemas.ts';
import { buildSchema } from './src/api/schema.ts';
import { modules } from './src/contexts/all.ts';
import { examples } from './src/examples.ts';
import { eventDefinitionsOf } from './src/kernel/context.ts';

/**
 * Prints the artefacts for clients into schema/: the SDL, a JSON Schema of each event, the
 * messages of bridges as AsyncAPI, and the operations of the tour. With --check it only compares, and fails if a file differs.
 */
const { version } = JSON.parse(
  await readFile(path.join(import.meta.dirname, 'package.json'), 'utf8'),
) as { version: string };
const directory = path.join(import.meta.dirname, 'schema');
const isCheck = process.argv.includes('--check');

const stale: string[] = [];
for (const [name, content] of Object.entries(printFiles())) {
  const file = path.join(directory, name);
  if (isCheck) {
    const current = await readFile(file, 'utf8').catch(() => '');
    if (current !== content) stale.push(path.join('schema', name));
  } else {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}
if (stale.length > 0) {
  process.stderr.write(`out of date: ${stale.join(', ')}: run npm run schema\n`);
  process.exitCode = 1;
}

function printFiles(): Readonly<Record<string, string>> {
  const schema = buildSchema(modules);
  const contexts = modules.map(({ context }) => context);
  const definitions = eventDefinitionsOf(contexts);
  const files: Record<string, string> = {
    'schema.graphql': `${printSchema(lexicographicSortSchema(schema))}\n`,
    'asyncapi.json': `${JSON.stringify(toAsyncApi(contexts, version), null, 2)}\n`,
    'operations.graphql': examples.map(({ title, query }) => `# ${title}\n${query}\n`).join('\n'),
  };
  for (const { title, query } of examples) {
    const [error] = validate(schema, parse(query));
    if (error !== undefined) throw new Error(`example "${title}": ${error.message}`);
  }
  for (const [type, definition] of definitions) {
    files[`events/${type}.json`] = `${JSON.stringify(toEventSchema(type, definition), null, 2)}\n`;
  }
  return files;
}
