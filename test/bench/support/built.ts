/**
 * Imports a module of the compiled program by its path in `dist/`, because users run that program.
 * With tsx every function is also named again whenever it is created, which takes 8 % of a command.
 *
 * `Module` is `typeof import('../../../src/….ts')`. `npm run bench` builds the program first.
 */
export async function importBuilt<Module>(path: string): Promise<Module> {
  return import(new URL(`../../../dist/${path}`, import.meta.url).href);
}
