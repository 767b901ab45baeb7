/**
 * A module of the compiled program, by its path in `dist/`: what is measured is what users run. tsx
 * also gives every function its name anew whenever it is made, which takes 8 % of a command.
 *
 * `Module`: `typeof import('../../../src/….ts')`. `npm run bench` has built it.
 */
export async function importBuilt<Module>(path: string): Promise<Module> {
  return import(new URL(`../../../dist/${path}`, import.meta.url).href);
}
