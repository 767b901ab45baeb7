const nearestMax = 3;
/** The maximum by which the distance of a name may exceed that of the nearest name. */
const spread = 2;

/**
 * Up to three names that a text may be a misspelling of, the nearest first; empty if none is near.
 */
export function nearest(text: string, names: Iterable<string>): readonly string[] {
  const wanted = text.toLowerCase().slice(0, textLengthMax);
  const close = [...names]
    .map((name) => ({ name, distance: distanceOf(wanted, name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(wanted.length, name.length) * 0.4)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  const [best] = close;
  return close
    .filter(({ distance }) => distance <= (best?.distance ?? 0) + spread)
    .slice(0, nearestMax)
    .map(({ name }) => name);
}

const textLengthMax = 100;

/** How many characters have to be added, removed or changed (Levenshtein), computed row by row. */
function distanceOf(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      const changed = (above[column - 1] ?? 0) + (isSame ? 0 : 1);
      const other = Math.min(above[column] ?? 0, current[column - 1] ?? 0) + 1;
      current.push(Math.min(changed, other));
    }
    above = current;
  }
  return above[b.length] ?? 0;
}
