import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type CodegenConfig, generate } from '@graphql-codegen/cli';
import {
  type GraphQLNamedType,
  type GraphQLSchema,
  isAbstractType,
  isIntrospectionType,
  isSpecifiedScalarType,
  parse,
  printType,
  validate,
} from 'graphql';
import { type Files, lockFile, toEventVersions } from './event-versions.ts';
import { toAsyncApi } from './src/api/async-api.ts';
import { buildSchema } from './src/api/schema.ts';
import { modules } from './src/contexts/all.ts';
import { examples } from './src/examples.ts';
import { eventDefinitionsOf } from './src/kernel/context.ts';

const root = import.meta.dirname;
const contexts = modules.map(({ context }) => context);
const definitions = eventDefinitionsOf(contexts);

/**
 * Prints the artefacts for clients into schema/: the SDL, the possible types of its interfaces and
 * unions, a JSON Schema of each event, the messages of bridges as AsyncAPI, and the operations of
 * the tour, also with their types. With `isCheck` it only compares, and the process fails if a file
 * differs. It also fails, and prints nothing, if a schema version of an event has changed.
 */
export async function printSchemaFiles(config: CodegenConfig, isCheck: boolean): Promise<void> {
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const { files, faults } = toEventVersions(definitions, await readEventFiles());
  if (faults.length > 0) {
    process.stderr.write(`${faults.join('\n')}\nsee docs/change-an-event.md\n`);
    process.exitCode = 1;
    return;
  }
  // The types are generated from the files on disk, which come first.
  const stale = [
    ...(await printOrCompare({ ...toFiles(version), ...files }, isCheck)),
    ...(await printOrCompare(await toTypedDocuments(config), isCheck)),
  ];
  if (stale.length === 0) return;
  process.stderr.write(`out of date: ${stale.join(', ')}: run npm run schema\n`);
  process.exitCode = 1;
}

/** The schemas and the examples of events, and their lock. */
async function readEventFiles(): Promise<Files> {
  const names = [lockFile];
  for (const folder of ['schema/events', 'test/fixtures/events']) {
    const own = await readdir(path.join(root, folder)).catch(() => []);
    names.push(...own.map((name) => `${folder}/${name}`));
  }
  const files: Record<string, string> = {};
  for (const name of names) {
    const text = await readFile(path.join(root, name), 'utf8').catch(() => null);
    if (text !== null) files[name] = text;
  }
  return files;
}

async function printOrCompare(files: Files, isCheck: boolean): Promise<readonly string[]> {
  const stale: string[] = [];
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    if (isCheck) {
      const current = await readFile(file, 'utf8').catch(() => '');
      if (current !== content) stale.push(name);
    } else {
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, content);
    }
  }
  return stale;
}

function toFiles(version: string): Files {
  const schema = buildSchema(modules);
  const files: Record<string, string> = {
    'schema/schema.graphql': toSdl(schema),
    'schema/possible-types.json': toJson(toPossibleTypes(schema)),
    'schema/asyncapi.json': toJson(toAsyncApi(contexts, version)),
    'schema/operations.graphql': examples
      .map(({ title, query }) => `# ${title}\n${query}\n`)
      .join('\n'),
  };
  for (const { title, query } of examples) {
    const [error] = validate(schema, parse(query));
    if (error !== undefined) throw new Error(`example "${title}": ${error.message}`);
  }
  return files;
}

/** The types by name, each with its members in the order of their definition. */
function toSdl(schema: GraphQLSchema): string {
  const types = Object.values(schema.getTypeMap())
    .filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))
    .sort((one, other) => byName(one, other));
  return `${types.map((type) => printType(type)).join('\n\n')}\n`;
}

/** The object types of each interface and union, in the form that Apollo's cache takes. */
function toPossibleTypes(schema: GraphQLSchema): Readonly<Record<string, readonly string[]>> {
  const types = Object.values(schema.getTypeMap()).filter(isAbstractType).sort(byName);
  const named = types.map((type) => {
    const names = schema.getPossibleTypes(type).map(({ name }) => name);
    return [type.name, names.sort()] as const;
  });
  return Object.fromEntries(named);
}

function byName({ name: one }: GraphQLNamedType, { name: other }: GraphQLNamedType): number {
  return one < other ? -1 : 1;
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

async function toTypedDocuments(config: CodegenConfig): Promise<Files> {
  const files: readonly { readonly filename: string; readonly content: string }[] = await generate(
    { ...config, cwd: root, silent: true },
    false,
  );
  return Object.fromEntries(
    files.map(({ filename, content }) => {
      const file = path.relative(root, path.resolve(root, filename));
      return [file, content];
    }),
  );
}
