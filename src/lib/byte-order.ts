/**
 * Compares two texts by their bytes in UTF-8, which is the order of the database. The result is
 * negative, zero or positive, as for `sort`.
 */
export type CompareTexts = (a: string, b: string) => number;

/**
 * Creates a function that compares `text` with other texts. JavaScript compares UTF-16 code units,
 * which gives the same order unless both texts have a code unit of U+D800 or above where they first
 * differ.
 */
export function comparerFor(text: string): CompareTexts {
  return /[\ud800-\uffff]/.test(text) ? compareCodePoints : compareUnits;
}

/** Compares two texts. */
export function compareTexts(a: string, b: string): number {
  return comparerFor(a)(a, b);
}

function compareUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const unitOfA = a.charCodeAt(index);
    const unitOfB = b.charCodeAt(index);
    if (unitOfA !== unitOfB) return rankOf(unitOfA) - rankOf(unitOfB);
  }
  return a.length - b.length;
}

/** Surrogates encode code points that come after those of all other units. */
function rankOf(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
