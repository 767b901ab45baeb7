import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export interface SourceFile {
  /** The path below the root of the project, with slashes. */
  readonly name: string;
  readonly text: string;
  /** The modules that it imports or exports again, as written. */
  readonly imports: readonly string[];
}

export const root = path.resolve(import.meta.dirname, '../..');

/** All TypeScript files below `src`, and all below `test`. */
export const sources = readSources('src');
export const tests = readSources('test');

/** The product of the tutorial, as it is in the folder that its reader adds. */
export const tutorial: readonly SourceFile[] = readSources('test/fixtures/gift-cards')
  .filter(({ name }) => !name.endsWith('.test.ts'))
  .map(({ name, text, imports }) => ({
    name: name.replace('test/fixtures/', 'src/contexts/'),
    text: toProduct(text),
    imports: imports.map(toProduct),
  }));

/** Imports of the fixture, as they are in a folder of `src/contexts`. */
function toProduct(text: string): string {
  return text.replaceAll('../../../src/contexts/', '../').replaceAll('../../../src/', '../../');
}

/** The files below a folder whose names have the ending. */
export function readFiles(folder: string, ending: string): readonly Omit<SourceFile, 'imports'>[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !name.includes('node_modules'))
    .sort()
    .map((name) => readFile(path.posix.join(folder, name)));
}

export function readFile(name: string): Omit<SourceFile, 'imports'> {
  return { name, text: readFileSync(path.join(root, name), 'utf8') };
}

/** The relative imports of a file, as paths below the root of the project. */
export function ownImports(name: string, imports: readonly string[]): readonly string[] {
  return imports
    .filter((target) => target.startsWith('.'))
    .map((target) => path.posix.join(path.posix.dirname(name), target));
}

/** The text without comments. */
export function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
}

function readSources(folder: string): readonly SourceFile[] {
  return readFiles(folder, '.ts').map(({ name, text }) => {
    const imports = [...text.matchAll(/^(?:import|export)\b[^;]*?from '([^']+)'/gm)];
    const lazy = [...text.matchAll(/\bimport\('([^']+)'\)/g)];
    return { name, text, imports: [...imports, ...lazy].map(([, target]) => target ?? '') };
  });
}
