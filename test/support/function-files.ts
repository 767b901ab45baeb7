import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { previousCommit } from './previous-release.ts';

/** The texts of function files, by the name of the function. */
export type FunctionTexts = ReadonlyMap<string, string>;

const root = path.resolve(import.meta.dirname, '../..');
const folder = 'migrations/functions';

export function functionTexts(): FunctionTexts {
  const names = readdirSync(path.join(root, folder));
  return toTexts(names, (name) => readFileSync(path.join(root, folder, name), 'utf8'));
}

/** The function files of the previous release; none if it had none. */
export function previousFunctionTexts(): FunctionTexts {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' });
  const listed = git('ls-tree', '--name-only', `${previousCommit()}:migrations`).split('\n');
  if (!listed.includes('functions')) return new Map();
  const names = git('ls-tree', '--name-only', `${previousCommit()}:${folder}`).trim().split('\n');
  return toTexts(names, (name) => git('show', `${previousCommit()}:${folder}/${name}`));
}

function toTexts(names: readonly string[], read: (name: string) => string): FunctionTexts {
  return new Map(names.map((name) => [path.basename(name, '.sql'), read(name)]));
}

/** The text between the dollar quotes, as in `pg_proc.prosrc`. */
export function bodyOf(text: string): string {
  return /\bas \$\$(.*)\$\$;\n$/s.exec(text)?.[1] ?? '';
}

/**
 * Why programs of the previous release could not work with these function files, or why its
 * database would keep an older text: one line for each function with a fault.
 */
export function functionFaults(before: FunctionTexts, now: FunctionTexts): readonly string[] {
  return [...before].flatMap(([name, old]) => {
    const text = now.get(name);
    if (text === undefined) return [`${name}: the release before has it`];
    if (text === old) return [];
    if (signatureOf(text) !== signatureOf(old)) return [`${name}: another signature`];
    return revisionOf(text) > revisionOf(old) ? [] : [`${name}: changed, but its revision is not`];
  });
}

function revisionOf(text: string): number {
  return Number(/^-- revision (\d+)$/m.exec(text)?.[1]);
}

/** Name, parameters and result. */
function signatureOf(text: string): string {
  const code = text.replaceAll(/--.*$/gm, '').replaceAll(/\s+/g, ' ');
  return /create or replace function (.*?) language /.exec(code)?.[1] ?? '';
}
