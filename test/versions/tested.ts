/** The major versions of Node.js on which the whole suite runs before a change lands. */
export const testedVersions: readonly number[] = [20, 24];

export function majorOf(version: string): number {
  return Number(/\d+/.exec(version)?.[0]);
}
